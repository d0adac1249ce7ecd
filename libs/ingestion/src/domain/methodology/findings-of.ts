import { utcDate } from '@lib/primitives';
import type { Finding } from './methodology.js';
import type { MethodologyInput } from './methodology-input.js';
import { selfAuditDue } from './self-audit-due.js';

/** What somebody should look after, so that the description stays true. */
export function findingsOf(input: MethodologyInput): Finding[] {
  const { generatedAt, period, inclusions, networkList, newerAgentList, newerAgentOverrides } = input;
  const { shownUnder, reviews, logLines } = input;
  const { unreadable, contradicting, unfinishedFiles } = logLines;
  const due = selfAuditDue(input);
  const lapsed = inclusions.filter((inclusion) => inclusion.lapsed);
  const found: (Finding | false)[] = [
    due !== null &&
      due < utcDate(generatedAt) && { id: 'self_audit_overdue', text: `A self-audit was due on ${due}.` },
    lapsed.length > 0 && {
      id: 'inclusions_lapsed',
      text: `Inclusions that do nothing, because nobody validated them for 90 days: ${lapsed.length}.`,
    },
    networkList === null && {
      id: 'no_network_data',
      text: 'No network data is loaded: data centres and VPN are not recognised.',
    },
    newerAgentList && {
      id: 'newer_agent_list',
      text: 'A newer list of user agents is active and not used by the rule set.',
    },
    newerAgentOverrides && {
      id: 'newer_agent_overrides',
      text: 'Agent overrides were added or removed that the rule set does not know of.',
    },
    reviews.open > 0 && {
      id: 'reviews_open',
      text: `Suspected invalid traffic that nobody has decided about, and that is counted until then: ${reviews.open}.`,
    },
    input.uncountedDays > 0 && {
      id: 'uncounted_days',
      text: `Days from ${period.firstDay} to ${period.lastDay} on which nothing was counted: ${input.uncountedDays}.`,
    },
    input.notRecorded > 0 && {
      id: 'requests_not_recorded',
      text: `Requests of redirects from ${period.firstDay} to ${period.lastDay} that could not be recorded: ${input.notRecorded}.`,
    },
    unreadable + contradicting > 0 && {
      id: 'log_lines_left_out',
      text: `Lines of logs that are not counted: ${unreadable} could not be read, ${contradicting} contradict stored requests.`,
    },
    unfinishedFiles > 0 && {
      id: 'imports_unfinished',
      text: `Log files whose import did not come to its end: ${unfinishedFiles}.`,
    },
    shownUnder.length > 1 && {
      id: 'several_rule_sets',
      text: `Days from ${period.firstDay} to ${period.lastDay} are shown under several rule sets; compare them with care.`,
    },
  ];
  return found.filter((finding) => finding !== false);
}
