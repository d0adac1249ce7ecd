/** What agents call themselves that are machines. `bot` has to end a word. */
const WORDS = /[a-z]*bots?\b|crawler|spider/gi;

/** Words that end in "bot" by chance: a maker of phones, and names of people and things. */
const NO_BOTS = new Set(['cubot', 'abbot', 'talbot', 'turbot']);

/**
 * The word by which an agent that is in no list says that it is a machine (PTMG v2.3 §5.5.2 (5), IAB-11), in small
 * letters; undefined when there is none.
 */
export function botWord(agent: string): 'bot' | 'crawler' | 'spider' | undefined {
  for (const [found] of agent.matchAll(WORDS)) {
    const word = found.toLowerCase();
    if (word === 'crawler' || word === 'spider') return word;
    if (!NO_BOTS.has(word)) return 'bot';
  }
  return undefined;
}
