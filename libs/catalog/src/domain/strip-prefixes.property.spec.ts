import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { stripPrefixes } from './strip-prefixes.js';

const PREFIXES = [
  'op3.dev/e/',
  'op3.dev/e,pg=e639fb86-8afc-5d15-9848-bdad418d6259/',
  'dts.podtrac.com/redirect.mp3/',
  'www.podtrac.com/pts/redirect.mp3/',
  'pdst.fm/e/',
  'chrt.fm/track/BB1234/',
  'pscrb.fm/rss/p/',
  'mgln.ai/e/77/',
  'media.blubrry.com/show.name/',
  '2.gum.fm/',
  't.own.example/r/7f3c/',
];

const path = fc
  .array(fc.stringMatching(/^[a-z0-9][a-z0-9._-]{0,12}$/), { minLength: 1, maxLength: 4 })
  .map((segments) => `/${segments.join('/')}.mp3`);
const host = fc.constantFrom('cdn.example', 'media.show.example', 'xn--caf-dma.example', 'cdn.example:8443');
const link = fc.record({
  prefix: fc.constantFrom(...PREFIXES),
  scheme: fc.constantFrom('', 'https://', 'https/'),
});
const query = fc.constantFrom('', '?a=1&b=https://other.example/x');

test('every chain of prefixes leads to the target, and each link is counted once', () => {
  fc.assert(
    fc.property(
      host,
      path,
      fc.array(link, { maxLength: 8 }),
      query,
      (targetHost, targetPath, chain, search) => {
        const inner = chain.reduceRight(
          (rest, { prefix, scheme }) => prefix + scheme + rest,
          targetHost + targetPath,
        );
        const { target, prefixes } = stripPrefixes(
          new URL(`https://${inner}${search}`),
          new Set(['t.own.example']),
        );
        expect(target.href).toBe(`https://${targetHost}${targetPath}${search}`);
        expect(prefixes).toEqual(chain.map(({ prefix }) => prefix.split('/')[0]));
      },
    ),
    { numRuns: 500 },
  );
});
