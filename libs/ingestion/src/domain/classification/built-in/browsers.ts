import type { ListEntry } from '../list-entry.js';

/**
 * Browsers, the more particular first: most of them also call themselves by the names of those below. Views of the web in
 * apps, and what is left at the end, are known by no name.
 */
export const BUILT_IN_BROWSERS: readonly ListEntry[] = [
  { name: 'Opera', pattern: '^Opera/|OPR/|OPT/|OPiOS/|OPX/' },
  { name: 'Edge', pattern: 'Edge?/|EdgA/|EdgiOS/' },
  { name: 'Samsung Internet', pattern: 'SamsungBrowser/' },
  { name: 'Vivaldi', pattern: 'Vivaldi/' },
  { name: 'Yandex Browser', pattern: 'YaBrowser/' },
  { name: 'UC Browser', pattern: 'UCBrowser/' },
  { name: 'DuckDuckGo', pattern: 'DuckDuckGo/' },
  { name: 'Silk', pattern: 'Silk/' },
  { name: 'Firefox', pattern: '^Mozilla/.*(Firefox|FxiOS|Focus)/' },
  { name: 'Android WebView', pattern: '^Mozilla/.*; wv\\).*Chrome/', catchAll: true },
  { name: 'Chrome', pattern: '^Mozilla/.*(Chrome|CriOS|Chromium)/' },
  { name: 'Internet Explorer', pattern: '^Mozilla/.*(MSIE |Trident/)' },
  {
    name: 'Android Browser',
    pattern: '^Mozilla/5\\.0 \\(Linux; (U; )?Android [^)]+\\).* Version/4\\.0 .*Safari/',
  },
  { name: 'Safari', pattern: '^Mozilla/.*AppleWebKit/.*Safari/|^Safari/[0-9.]+ CFNetwork/' },
  {
    name: 'iOS WebView',
    pattern: '^Mozilla/5\\.0 \\((iPhone|iPad|iPod).*AppleWebKit/.*Mobile/',
    catchAll: true,
  },
  { name: 'Other WebKit browser', pattern: '^Mozilla/5\\.0 \\([^)]+\\) AppleWebKit/', catchAll: true },
  { name: 'Other Gecko browser', pattern: '^Mozilla/5\\.0 \\([^)]+\\) Gecko/', catchAll: true },
  { name: 'Text or early browser', pattern: '^(Lynx|Links|w3m|ELinks|NCSA[ _]Mosaic)[ /]' },
];
