import type { ListEntry } from '../list-entry.js';

/** What is listened on, as far as agents tell. CFNetwork alone does not say which of Apple's devices: most are telephones. */
export const BUILT_IN_DEVICES: readonly ListEntry[] = [
  { name: 'Apple Watch', pattern: 'watchOS|Apple Watch|^Watch/', category: 'watch' },
  { name: 'Other Watch', pattern: '^Garmin |Wear ?OS|-Wear/|; Watch ', category: 'watch' },
  { name: 'Apple TV', pattern: 'Apple ?TV|tvOS|^apple;apple_tv', category: 'smart_tv' },
  { name: 'Apple HomePod', pattern: 'HomePod|audioOS', category: 'smart_speaker' },
  {
    name: 'Amazon Smart Speaker',
    pattern: '^Amazon;Echo|^Echo/|^Alexa|AlexaMediaPlayer',
    category: 'smart_speaker',
  },
  {
    name: 'Google Home',
    pattern: 'DeviceType/SmartSpeaker|Google[- ]Home|Fuchsia',
    category: 'smart_speaker',
  },
  {
    name: 'Other Smart TV',
    pattern:
      '^AirPlay/|^Amazon;AFT|AFT[A-Z]{1,3}\\b|^Google;|SMART-?TV|Smart-?TV|[Ww]eb[0O]S|Tizen|CrKey|Bravia|BRAVIA|Android ?TV|[Rr]oku|HbbTV|^[MG][RW]-Device|^samsung-agent|^Cinemo|Cinemo/|Xbox|PlayStation',
    category: 'smart_tv',
  },
  {
    // Loudspeakers and television sets report to the same voice service in the same shape; the makers differ.
    name: 'Other Smart TV (voice service)',
    pattern:
      '^(Amlogic|Arcadyan|MediaTek|Sagemcom|microsoft|sony_tv|onn\\.|CVT_NULL|Funai|SEIRobotics|Xiaomi|ZTE|Skyworth|SKYWORTH|skyworth|Hisense|hisense|nowtv|samsung|tcl|TCL|westinghouse|onn|sharp|philips|element|insignia|toshiba|vizio|lg|LG|Sony|sony);[^;]*;[^;]*;[^;]*;tpapi',
    category: 'smart_tv',
  },
  { name: 'Other Smart Speaker', pattern: ';tpapi(;|$)|Sonos|SoundTouch', category: 'smart_speaker' },
  {
    name: 'Smart Car',
    pattern: '^Spotify/[1-4]\\.[0-9.]+ [^(]+/[0-9]+ \\(|Android ?Auto|CarPlay|Tesla/|Automotive',
    category: 'auto',
  },
  { name: 'Apple iPad', pattern: 'iPad', category: 'mobile' },
  { name: 'Apple iPod', pattern: '[(; ]iPod|hw/iPod|iPod_', category: 'mobile' },
  {
    name: 'Apple Computer',
    pattern: 'Macintosh|macOS|Intel Mac OS X|\\(x86_64\\)$|[ ;]osx/',
    category: 'computer',
  },
  {
    name: 'Apple iPhone',
    pattern: 'iPhone|CFNetwork/|iPod|[/ (.,;-]i[Oo][Ss]([/ ).;,-]|$)|^iOS/|[Ii][Oo][Ss]\\b',
    category: 'mobile',
  },
  {
    name: 'Android Tablet',
    pattern: 'Android.*[Tt]ablet|[Tt]ablet.*Android|SM-[TPX][0-9]{3}|_android-tablet',
    category: 'mobile',
  },
  {
    name: 'Android Phone',
    pattern:
      '[Aa]ndroid|ExoPlayer|AndroidXMedia3|ExoMedia|Dalvik|[Oo]k[Hh]ttp|SM-[A-Z][0-9]{3}|FB4A|GSA/[0-9.]+arm|FileDownloader',
    category: 'mobile',
  },
  {
    name: 'Other Mobile Device',
    pattern:
      'Windows Phone|KAIOS|BlackBerry|BB10|Symbian|^Zune/|^Castro |^PodcastGuru|^RTL\\+|^AmazonMusic$|Mobile',
    category: 'mobile',
  },
  {
    name: 'Windows Computer',
    pattern: 'Windows|WinampMPEG|NSPlayer|Win64|^foobar2000',
    category: 'computer',
  },
  { name: 'Chromebook', pattern: 'CrOS', category: 'computer' },
  { name: 'Other Computer', pattern: 'Linux|X11|BSD|BeyondPod', category: 'computer' },
];
