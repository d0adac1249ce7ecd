import { describe, expect, test } from '@jest/globals';
import { readRedirectTarget, type RedirectHosts } from './read-redirect-target.js';

const HOSTS: RedirectHosts = {
  registered: new Set([
    'cdn.example',
    'cdn.example:8443',
    'xn--caf-dma.example',
    '203.0.113.5',
    'own.example',
  ]),
  prefixes: new Map([
    ['op3.dev', 1],
    ['chrt.fm', 2],
    ['dts.podtrac.com', 1],
    ['2.gum.fm', 0],
  ]),
  own: new Set(['own.example']),
};
const read = (destination: string) => readRedirectTarget(destination, HOSTS);

describe('a destination of the podcast', () => {
  test.each([
    ['https://cdn.example/1.mp3', 'https://cdn.example/1.mp3', 'cdn.example/1.mp3'],
    ['http://cdn.example/1.mp3', 'http://cdn.example/1.mp3', 'cdn.example/1.mp3'],
    ['cdn.example/1.mp3', 'https://cdn.example/1.mp3', 'cdn.example/1.mp3'],
    ['https:/cdn.example/1.mp3', 'https://cdn.example/1.mp3', 'cdn.example/1.mp3'],
    ['http:/cdn.example/1.mp3', 'http://cdn.example/1.mp3', 'cdn.example/1.mp3'],
    ['HTTPS://CDN.Example/A.mp3', 'https://CDN.Example/A.mp3', 'cdn.example/A.mp3'],
    ['https://cdn.example:443/1.mp3', 'https://cdn.example:443/1.mp3', 'cdn.example/1.mp3'],
    ['https://cdn.example:8443/1.mp3', 'https://cdn.example:8443/1.mp3', 'cdn.example:8443/1.mp3'],
    ['xn--caf-dma.example/1.mp3', 'https://xn--caf-dma.example/1.mp3', 'xn--caf-dma.example/1.mp3'],
    ['203.0.113.5/1.mp3', 'https://203.0.113.5/1.mp3', '203.0.113.5/1.mp3'],
    // What follows the host is the media server's business.
    [
      'cdn.example//evil.example/1.mp3',
      'https://cdn.example//evil.example/1.mp3',
      'cdn.example//evil.example/1.mp3',
    ],
    ['cdn.example/%0d%0aX:1', 'https://cdn.example/%0d%0aX:1', 'cdn.example/%0d%0aX:1'],
    ['cdn.example/100%.mp3?a=%&b', 'https://cdn.example/100%.mp3?a=%&b', 'cdn.example/100%.mp3'],
    ['cdn.example/%C3%A9.mp3', 'https://cdn.example/%C3%A9.mp3', 'cdn.example/%C3%A9.mp3'],
  ])('%s is kept', (destination, location, mediaKey) => {
    expect(read(destination)).toEqual({ location, mediaKey });
  });

  test('keeps its query and signature byte for byte', () => {
    const signed = 'cdn.example/1.mp3?Policy=eyJ%7e+~&Signature=a%2Fb%2fc==&u=https://evil.example/#t=1';
    expect(read(signed)?.location).toBe(`https://${signed}`);
  });

  test.each([
    ['op3.dev/e/cdn.example/1.mp3', 'cdn.example/1.mp3'],
    ['op3.dev/e,pg=e639fb86-8afc-5d15-9848-bdad418d6259/cdn.example/1.mp3?x=1', 'cdn.example/1.mp3'],
    ['op3.dev/e/https://cdn.example/1.mp3', 'cdn.example/1.mp3'],
    ['op3.dev/e/https:/cdn.example/1.mp3', 'cdn.example/1.mp3'],
    ['op3.dev/e/http/cdn.example/1.mp3', 'cdn.example/1.mp3'],
    ['op3.dev/e/https%3A%2F%2Fcdn.example%2F1.mp3', 'cdn.example/1.mp3'],
    ['dts.podtrac.com/redirect.mp3/chrt.fm/track/BB12/2.gum.fm/cdn.example/1.mp3', 'cdn.example/1.mp3'],
    ['2.gum.fm/https/KEY1/cdn.example/1.mp3', 'cdn.example/1.mp3'],
  ])('may stand behind other prefixes: %s', (destination, mediaKey) => {
    expect(read(destination)).toEqual({ location: `https://${destination}`, mediaKey });
  });
});

describe('another destination is refused', () => {
  test.each([
    // other hosts
    'evil.example/1.mp3',
    'https://evil.example/1.mp3',
    'notcdn.example/1.mp3',
    'cdn.example.evil.example/1.mp3',
    'sub.cdn.example/1.mp3',
    // no host, or none that is written plainly
    '/evil.example/1.mp3',
    '//evil.example/1.mp3',
    '/\\evil.example/1.mp3',
    '\\\\evil.example/1.mp3',
    '%2f%2fevil.example/1.mp3',
    'https:///evil.example/1.mp3',
    'https:///cdn.example/1.mp3',
    'https:evil.example/1.mp3',
    'https:\\\\evil.example/1.mp3',
    'https%3a%2f%2fcdn.example/1.mp3',
    'cdn.example',
    'cdn.example?x=/1.mp3',
    'cdn.example#/1.mp3',
    '1.mp3',
    // other schemes
    'javascript:alert(1)//cdn.example/1.mp3',
    'javascript://cdn.example/%0aalert(1)',
    'data:text/html,cdn.example/1.mp3',
    'ftp://cdn.example/1.mp3',
    // credentials
    'https://cdn.example@evil.example/1.mp3',
    'https://user:pass@cdn.example/1.mp3',
    'cdn.example:443@evil.example/1.mp3',
    'https://cdn.example\\@evil.example/1.mp3',
    'https://cdn.example\\.evil.example/1.mp3',
    // spellings that a parser would turn into a registered host
    'https://cdn%2eexample/1.mp3',
    'https://cdn.example./1.mp3',
    'https://\uff43dn.example/1.mp3',
    'https://caf\u00e9.example/1.mp3',
    'https://caf\xc3\xa9.example/1.mp3',
    'https://cdn\u00ad.example/1.mp3',
    'https://3405803781/1.mp3',
    'https://0xcb007105/1.mp3',
    'https://203.0.28933/1.mp3',
    'https://[::ffff:203.0.113.5]/1.mp3',
    // ports
    'cdn.example:8080/1.mp3',
    'cdn.example:80/1.mp3',
    'http://cdn.example:443/1.mp3',
    'cdn.example:/1.mp3',
    'cdn.example:0443/1.mp3x:99999999/',
    // header injection
    'cdn.example/1.mp3\r\nSet-Cookie: a=1',
    'cdn.example/1.mp3\nX: 1',
    'cdn.example/\0',
    'cdn.example/a b',
    'cdn.example/\u{1f600}',
    'cdn.example/\xc3\xa9.mp3',
    // ourselves
    'own.example/r/show/cdn.example/1.mp3',
    'op3.dev/e/own.example/r/show/cdn.example/1.mp3',
  ])('%p', (destination) => {
    expect(read(destination)).toBeUndefined();
  });

  test.each([
    'op3.dev/e/evil.example/1.mp3',
    'op3.dev/e/evil.example/cdn.example/1.mp3',
    'op3.dev/e/evil.mov/cdn.example/1.mp3',
    'op3.dev/e/1.2.3.4/cdn.example/1.mp3',
    'op3.dev/e/16909060/cdn.example/1.mp3',
    'op3.dev/e/0x1020304/cdn.example/1.mp3',
    'op3.dev/e/evil%2eexample/cdn.example/1.mp3',
    'op3.dev/e/x@evil.example/cdn.example/1.mp3',
    'op3.dev/e/evil.example:80/cdn.example/1.mp3',
    'op3.dev/e/https%3A%2F%2Fevil.example%2F/cdn.example/1.mp3',
    'op3.dev/e/https%3A%2F%2Fcdn.example%40evil.example%2F1.mp3',
    'op3.dev/e/https%3A%2F%2Fcdn.example%5C@evil.example%2F1.mp3',
    'op3.dev/e/https%253A%252F%252Fevil.example/cdn.example/1.mp3',
    'op3.dev/e/https%3A%2F%2F%ff/cdn.example/1.mp3',
    'op3.dev/e//evil.example/cdn.example/1.mp3',
    'op3.dev/e/javascript:x/cdn.example/1.mp3',
    'op3.dev/e%2fevil.example/cdn.example/1.mp3',
    'op3.dev/e/cdn.example/../evil.example/1.mp3',
    'op3.dev/e/cdn.example/%2e%2e/evil.example/1.mp3',
    'op3.dev/e/cdn.example\\..\\evil.example/1.mp3',
    'op3.dev:8080/e/cdn.example/1.mp3',
    'op3.dev/e/',
    'op3.dev/',
    'op3.dev/e/word/1.mp3',
    'notop3.dev/e/cdn.example/1.mp3',
  ])('behind a prefix whose server might read it otherwise: %p', (destination) => {
    expect(read(destination)).toBeUndefined();
  });

  test('a prefix itself is no destination, even where it was registered', () => {
    const hosts = { ...HOSTS, registered: new Set(['op3.dev']) };
    expect(readRedirectTarget('op3.dev/e/1.mp3', hosts)).toBeUndefined();
    expect(readRedirectTarget('op3.dev/e/evil.example/1.mp3', hosts)).toBeUndefined();
  });

  test('a chain of more than 16 prefixes', () => {
    expect(read(`${'op3.dev/e/'.repeat(16)}cdn.example/1.mp3`)).toBeDefined();
    expect(read(`${'op3.dev/e/'.repeat(17)}cdn.example/1.mp3`)).toBeUndefined();
  });
});
