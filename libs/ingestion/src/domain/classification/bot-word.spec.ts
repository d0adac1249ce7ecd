import { describe, expect, test } from '@jest/globals';
import { botWord } from './bot-word.js';

// PTMG v2.3 §5.5.2 (5): agents that name themselves bots.
describe('the word by which an agent says that it is a machine', () => {
  test.each([
    ['SomeBot/1.0', 'bot'],
    ['somebot', 'bot'],
    ['some-bot (reads feeds)', 'bot'],
    ['We are bots!', 'bot'],
    ['Mozilla/5.0 (compatible; new_bot; +https://x.example)', 'bot'],
    ['MY CRAWLER', 'crawler'],
    ['web-spider/2', 'spider'],
    ['CUBOT/1 and a real bot', 'bot'],
  ])('%s: %s', (agent, word) => {
    expect(botWord(agent)).toBe(word);
  });

  test.each(['Player/1.0 (CUBOT NOTE 20)', 'Talbot FM/3', 'Bottle Radio/1.0', 'Robotics Weekly', 'x', ''])(
    '%p says nothing of it',
    (agent) => {
      expect(botWord(agent)).toBeUndefined();
    },
  );
});
