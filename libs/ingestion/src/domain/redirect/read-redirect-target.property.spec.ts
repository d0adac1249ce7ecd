import { expect, test } from '@jest/globals';
import { PREFIX_HOSTS, stripPrefixes } from '@lib/catalog';
import fc from 'fast-check';
import { readRedirectTarget, type RedirectHosts } from './read-redirect-target.js';

const REGISTERED = ['cdn.example', 'media.show.example', 'cdn.example:8443', 'xn--caf-dma.example'];
const HOSTS: RedirectHosts = { registered: new Set(REGISTERED), prefixes: PREFIX_HOSTS, own: new Set() };
const PREFIXES = [
  'op3.dev/e/',
  'op3.dev/e,pg=e639fb86-8afc-5d15-9848-bdad418d6259/',
  'dts.podtrac.com/redirect.mp3/',
  'www.podtrac.com/pts/redirect.mp3/',
  'pdst.fm/e/',
  'chrt.fm/track/BB1234/',
  'pscrb.fm/rss/p/',
  'mgln.ai/e/77/',
  '2.gum.fm/',
];
const runs = { numRuns: 1_500 };

/** Pieces from which an attacker, or a careless publisher, puts an address together. */
const hostile = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        ...REGISTERED,
        ...PREFIXES,
        'evil.example',
        'evil.mov',
        '127.0.0.1',
        '2130706433',
        'localhost',
      ),
      fc.constantFrom(
        'https://',
        'http:/',
        'https:',
        'HTTPS%3A%2F%2F',
        'javascript:',
        '//',
        '/',
        '/\\',
        '\\',
        '@',
        ':',
      ),
      fc.constantFrom(
        ':443',
        ':8443',
        '%2f',
        '%2e%2e',
        '..',
        '/../',
        '?',
        '#',
        '&',
        '=',
        '%',
        '%00',
        '%0d%0a',
        '\t',
      ),
      fc.constantFrom(
        '\r\n',
        '\u3002',
        '\uff0e',
        '\u2044',
        '\u00ad',
        '\xc3\xa9',
        '[::1]',
        'xn--',
        '.',
        'e',
        '1.mp3',
      ),
      fc.string({ unit: 'binary', maxLength: 4 }),
    ),
    { minLength: 1, maxLength: 9 },
  )
  .map((parts) => parts.join(''));

test('no address leads a client to a host that is neither registered nor a prefix', () => {
  fc.assert(
    fc.property(hostile, (destination) => {
      const target = readRedirectTarget(destination, HOSTS);
      if (target === undefined) return;
      const { protocol, host, username, password } = new URL(target.location);
      expect(['https:', 'http:']).toContain(protocol);
      expect(HOSTS.registered.has(host) || HOSTS.prefixes.has(host)).toBe(true);
      expect(username + password).toBe('');
      expect(target.location).toMatch(/^[\x21-\x7e]+$/);
    }),
    runs,
  );
});

test('what a prefix server finds behind a chain is registered too', () => {
  fc.assert(
    fc.property(hostile, (destination) => {
      const target = readRedirectTarget(destination, HOSTS);
      if (target === undefined) return;
      const { target: found } = stripPrefixes(new URL(target.location), new Set());
      expect(REGISTERED).toContain(found.host);
      expect(target.mediaKey.startsWith(`${found.host}/`)).toBe(true);
    }),
    runs,
  );
});

const path = fc
  .array(fc.stringMatching(/^[a-z0-9%._~!$&'()*+,;=:@-]{1,12}$/), { minLength: 1, maxLength: 4 })
  .map((segments) => `/${segments.join('/')}.mp3`);
const query = fc.stringMatching(/^(\?[\x21-\x7e]{0,60})?$/);

test('the address of a registered host is kept byte for byte', () => {
  fc.assert(
    fc.property(fc.constantFrom(...REGISTERED), path, query, (host, file, search) => {
      const written = `${host}${file}${search}`;
      expect(readRedirectTarget(written, HOSTS)?.location).toBe(`https://${written}`);
      expect(readRedirectTarget(`http:/${written}`, HOSTS)?.location).toBe(`http://${written}`);
    }),
    runs,
  );
});

const plainPath = fc
  .array(fc.stringMatching(/^[a-z0-9][a-z0-9._-]{0,12}$/), { minLength: 1, maxLength: 4 })
  .map((segments) => `/${segments.join('/')}.mp3`);
const link = fc.record({
  prefix: fc.constantFrom(...PREFIXES),
  scheme: fc.constantFrom('', 'https://', 'https:/', 'https/', 'http://'),
});

test('every chain of prefixes is kept byte for byte and known by the file at its end', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...REGISTERED),
      plainPath,
      fc.array(link, { maxLength: 8 }),
      query,
      (host, file, chain, search) => {
        const written =
          chain.reduceRight((rest, { prefix, scheme }) => prefix + scheme + rest, host + file) + search;
        expect(readRedirectTarget(written, HOSTS)).toEqual({
          location: `https://${written}`,
          mediaKey: host + file,
        });
      },
    ),
    runs,
  );
});
