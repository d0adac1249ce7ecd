import { describe, expect, test } from '@jest/globals';
import { isMalformedAgent } from './is-malformed-agent.js';

const firefox = (version: string, revision = version) =>
  `Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:${revision}) Gecko/20100101 Firefox/${version}`;
const chrome = (version: string) =>
  `Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/${version} Safari/537.36`;

// PTMG v2.3 §5.5.2 (4): filter what is intentionally false, such as a version 55.02 for 55.0.2.
describe('an agent that is false on purpose', () => {
  test.each([
    firefox('55.02'),
    firefox('1430'),
    firefox('143.0', '1430'),
    chrome('55.02.2883.87'),
    chrome('1410.0.0.0'),
    chrome('141'),
  ])('%s', (agent) => {
    expect(isMalformedAgent(agent)).toBe(true);
  });
});

describe('an agent that is only odd', () => {
  test.each([
    firefox('55.0.2'),
    firefox('143.0'),
    firefox('3.6.28', '1.9.2.28'),
    chrome('141.0.0.0'),
    chrome('54.0.2840.71'),
    'Mozilla/5.0 (Windows NT 10.0; rv:143.0) Gecko/20100101 Firefox/143.0.',
    'WalkRadio/0.9 (walkradio.example)',
    'Pod"Quote/2.1 (café; build 7)',
    'Some Browser Chrome/141',
    'x',
    '))((',
    'Opera/9.80 (Windows NT 6.1) Presto/2.12.388 Version/12.02',
  ])('%s', (agent) => {
    expect(isMalformedAgent(agent)).toBe(false);
  });
});
