import { expect, test } from '@jest/globals';
import { contentTypeCharset } from './content-type-charset.js';

test.each([
  ['application/rss+xml; charset=UTF-8', 'utf-8'],
  ['text/xml;charset="ISO-8859-1";x=y', 'iso-8859-1'],
  ['text/xml', null],
  ['text/xml; charset=', null],
  [null, null],
])('%s names %s', (header, charset) => {
  expect(contentTypeCharset(header)).toBe(charset);
});
