import type { ListEntry } from '../list-entry.js';
import { namedApp } from './named-app.js';

/** Newspapers, publishers, social networks and the rest: apps that play an episode now and then. */
const KNOWN: readonly ListEntry[] = [
  { name: 'Instagram', pattern: ' Instagram [0-9]|^Instagram[ /]' },
  {
    name: 'Facebook',
    pattern: '\\[FB(AN|_IAB)|FBAV/|MetaIAB|^FB4A/|^facebook-mobile|^iOS/Facebook|^Facebook/',
  },
  { name: 'TikTok', pattern: 'musical_ly|BytedanceWebview|TikTok|trill_' },
  { name: 'X', pattern: 'Twitter for |^Twitter/|Twitter/[0-9]' },
  { name: 'LinkedIn', pattern: 'LinkedInApp|^LinkedIn/' },
  { name: 'Snapchat', pattern: 'Snapchat/|snapchat-proxy' },
  { name: 'Pinterest', pattern: '\\[Pinterest/|^Pinterest/' },
  { name: 'WhatsApp', pattern: '^WhatsApp' },
  { name: 'KakaoTalk', pattern: 'KAKAOTALK|^KakaoTalk' },
  { name: 'LINE', pattern: ' Line/[0-9]' },
  { name: 'WeChat', pattern: 'MicroMessenger/' },
  { name: 'Apple Messages', pattern: '^(Messages( |%20|/|ViewService)|MobileSMS/)' },
  { name: 'Kajabi', pattern: 'KajabiMobileApp' },
  { name: 'KaiOS', pattern: 'KAIOS/' },
  { name: 'Schibsted newspaper', pattern: ' Hermes/[0-9.]+ _?app' },
  { name: 'PugPig Bolt', pattern: '^Pugpig' },
  { name: 'Twipe', pattern: '^TwipeMobileApp|com\\.twipemobile|nl\\.nrc\\.|^NRC ' },
  { name: 'De Standaard', pattern: '^DS podcast/|be\\.standaard\\.' },
  { name: 'Le Monde', pattern: '^AEC/[0-9]|^LeMonde' },
  { name: 'Le Parisien', pattern: '^leparisien/' },
  { name: 'Les Echos', pattern: '^lesechos/' },
  { name: 'Internazionale', pattern: '^Internazionale App' },
  { name: 'The Economist', pattern: '^TheEconomist|^lamarr-' },
  { name: 'The Athletic', pattern: 'theathletic-' },
  { name: 'The Guardian', pattern: '^GuardianAndroid|^GLA/|^Guardian/' },
  { name: 'The New York Times', pattern: '^(NYTimes|nyt[_-])' },
  { name: 'Nabd', pattern: '^com\\.waveline\\.nabd' },
  { name: 'Daily podcast apps of ID Engineering', pattern: '^com\\.IDEngineering\\.' },
  { name: 'Arte Radio', pattern: '^arteradio/' },
  { name: 'Microsoft Outlook', pattern: '^Microsoft Office/.*Outlook|^Outlook-' },
  { name: 'Emacs', pattern: '^URL/Emacs|^Emacs' },
  { name: 'iframely', pattern: '^Iframely/' },
  { name: 'FeedStation', pattern: '^FeedStation/' },
  { name: 'Flipboard', pattern: 'Flipboard/[0-9]' },
  { name: 'RSSOwl', pattern: '^RSSOwl/' },
  { name: 'Download manager', pattern: '^APKXDL|^FDM |^[iI]Downloa|^FreeM|^EasyGet|^MaxTube' },
  namedApp('Babbel'),
  namedApp('Damus', 'damus'),
  namedApp('Dosis Diaria'),
  namedApp('Feedly', 'feedly'),
  namedApp('GroupMe'),
  namedApp('Patreon'),
  namedApp('Parler'),
  namedApp('Reeder'),
  namedApp('Corriere della Sera'),
  namedApp('Newsboat', 'Podboat', 'newsboat'),
  namedApp('Awasu'),
  namedApp('NewsBlur'),
  namedApp('Inoreader'),
  namedApp('Pocket'),
  namedApp('Telegraph'),
  namedApp('Washington Post'),
  namedApp('Bloomberg'),
  namedApp('Financial Times', 'FT'),
  namedApp('NetNewsWire'),
  namedApp('Substack'),
  namedApp('TED'),
  namedApp('Telegram'),
  namedApp('YouVersion Bible', 'Bible'),
  namedApp('Tweetbot'),
];

/**
 * Apps whose name is in no list, told by the networking code of their platform, which scripts and servers do not use.
 * Last of all: reports show them together, until a tenant names its own. Safari and its view service, which use that
 * code too, are no apps; the first pattern therefore leaves out names that begin with "Saf".
 */
const UNNAMED: readonly ListEntry[] = [
  {
    name: 'Other app on an Apple device',
    catchAll: true,
    pattern: [
      '^([^S]|S[^a]|Sa[^f])[^/]*/[^ ]* CFNetwork/[0-9.]+ Darwin/',
      '(iOS|macOS) [0-9.]+\\) Alamofire/',
      '; i(OS|Phone OS) [0-9._]+; ?Scale/',
      '^[^M(][^(]*\\(iPhone; (CPU iPhone OS|iOS) [0-9._]+[^)]*\\)$',
      '^[^/(]+/[0-9.]+ \\(iP(hone|ad)[0-9,]+; iOS [0-9.]+;?\\)$',
    ].join('|'),
  },
  {
    name: 'Other app on an Android device',
    catchAll: true,
    pattern: [
      '^[^M /()][^ /()]*/[^ ]+ \\(Android [0-9.]+; ',
      'Android:?[ /][0-9.]+; Sdk:[0-9]+;',
      ' Cronet/[0-9.]+\\)$',
    ].join('|'),
  },
];

export const BUILT_IN_OTHER_APPS: readonly ListEntry[] = [...KNOWN, ...UNNAMED];
