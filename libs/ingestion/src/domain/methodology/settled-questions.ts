import type { CountingRules } from '../counting/counting-rules.js';

/** What PTMG v2.3 leaves open: question and decision. Those that do not arise under the rules are left out. */
export function settledQuestions(rules: CountingRules): (readonly [string, string])[] {
  const { window, contentSeconds, filteredNetworks } = rules;
  const rolling = window !== 'calendar_day';
  const measured = contentSeconds !== null;
  const questions: (readonly [string, string] | false)[] = [
    ['When does a day begin?', 'At 00:00 UTC.'],
    rolling && [
      'Is the end of a window inside?',
      'No: a request exactly 24 hours later opens the next window.',
    ],
    ['Which requests open or extend a window?', 'Only those that pass all filters.'],
    [
      'In which order?',
      'Requests are assigned to windows; what was served inside a window is united; then the threshold is applied.',
    ],
    !rolling && ['Are pieces on both sides of midnight joined?', 'No.'],
    rolling && [
      'What of pieces on both sides of midnight?',
      'They are joined in their window; whether they are a download is judged by the rules of the day on which they became ' +
        'one, and it is shown on the day of its first piece.',
    ],
    ['When did a download happen?', 'When its first piece was asked for.'],
    measured && [
      'Does the threshold apply to a response 200 that the listener cut?',
      'Yes, wherever the bytes that were sent are known.',
    ],
    measured && ['Which way is the threshold rounded?', 'Up.'],
    measured && [
      'What of a file whose size is not known?',
      'No number of bytes proves a download of it, so none counts.',
    ],
    measured && [
      'What if a response cannot be placed in the file?',
      'It is put at the start: such pieces prove the longest of them and never their sum.',
    ],
    [
      'What of user agents that no list knows?',
      'They count, unless they call themselves bots. A missing one does not.',
    ],
    relaysAndTor(filteredNetworks),
    [
      'What if several sources know of one request?',
      'Each level of evidence is counted by itself and shown beside the others.',
    ],
  ];
  return questions.filter((question) => question !== false);
}

function relaysAndTor(filtered: CountingRules['filteredNetworks']): readonly [string, string] | false {
  const [relay, tor] = [filtered.includes('relay'), filtered.includes('tor')];
  if (relay && tor) return false;
  const decision =
    !relay && !tor
      ? 'They count: real people use them. They are told apart from VPN.'
      : `They are told apart from VPN. Left out are those through ${relay ? 'privacy relays' : 'Tor'}; the others count.`;
  return ['What of requests through privacy relays and Tor?', decision];
}
