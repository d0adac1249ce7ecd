import { expect, test } from '@jest/globals';
import { decodeFeed } from './decode-feed.js';

const latin1 = (text: string): Buffer => Buffer.from(text, 'latin1');

test.each([
  ['UTF-8 without any name', Buffer.from('<rss>é'), null, 'é'],
  ['a mark against the header', Buffer.from('\ufeff<rss>é'), 'iso-8859-1', 'é'],
  ['UTF-16 with a mark', Buffer.from('\ufeff<rss>é', 'utf16le'), null, 'é'],
  ['UTF-16 without a mark', Buffer.from('<rss>é', 'utf16le'), null, 'é'],
  ['Latin-1 by its declaration', latin1('<?xml version="1.0" encoding="latin1"?><rss>\xe9\x92'), null, 'é’'],
  ['Latin-1 by the header', latin1('<rss>\xe9\x92'), 'ISO-8859-1', 'é’'],
  ['the header before the declaration', latin1("<?xml version='1.0' encoding='koi8-r'?><rss>\xe9"), 'windows-1252', 'é'],
  ['Shift_JIS', Buffer.concat([latin1('<?xml version="1.0" encoding="Shift_JIS"?><rss>'), Buffer.from([0x93, 0xfa])]), null, '日'],
])('decodes %s', (_, bytes, header, end) => {
  const decoded = decodeFeed(bytes, header);
  expect(decoded.text.endsWith(end)).toBe(true);
  expect(decoded.text.startsWith('<')).toBe(true);
  expect(decoded.assumption).toBeNull();
}); // prettier-ignore

test('valid UTF-8 that says so overrules a header that a server adds to everything', () => {
  const decoded = decodeFeed(Buffer.from('<?xml version="1.0" encoding="UTF-8"?><rss>é'), 'iso-8859-1');
  expect(decoded).toMatchObject({
    charset: 'utf-8',
    assumption: 'UTF-8, not windows-1252 as its server says',
  });
});

test('bytes that are no UTF-8 become replacement characters, never an error', () => {
  const decoded = decodeFeed(latin1('<rss>\xe9'), null);
  expect(decoded.text).toBe('<rss>\ufffd');
  expect(decoded.assumption).not.toBeNull();
});

test('unknown charsets and UTF-7 are taken as UTF-8', () => {
  expect(decodeFeed(Buffer.from('<?xml version="1.0" encoding="utf-7"?>+ADw-'), 'x-nonsense').text).toContain(
    '+ADw-',
  );
});
