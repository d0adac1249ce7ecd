import type { ListEntry } from '../list-entry.js';
import { anyName } from './named-app.js';

/** What Apple's app is called in the languages of its devices. */
const APPLE_PODCASTS =
  'Podcasts Podcast Podcaster Podcasty Podkaster Podcastok Podcasturi Balados Подкасты Подкасти ポッドキャスト 팟캐스트 播客 ' +
  'פודקאסטים بودكاست البودكاست اوسمعلي พ็อดคาสท์ पॉडकास्ट';

/** Apps made for podcasts. Narrow patterns come before the names that they also begin with. */
export const BUILT_IN_PODCAST_APPS: readonly ListEntry[] = [
  { name: 'The Podcast App', pattern: '^ThePodcastApp/|^com\\.evolve\\.podcast/|^podcast/' },
  {
    name: 'Apple Podcasts',
    pattern: `^${anyName(APPLE_PODCASTS.split(' '))}/[0-9.]+ CFNetwork/`,
  },
  { name: 'Overcast', pattern: '^Overcast([/ ]|$)' },
  { name: 'Pocket Casts', pattern: '^(Shifty Jelly )?Pocket ?Casts|PocketCasts/' },
  { name: 'Podcast Addict', pattern: '^Podcast ?Addict' },
  { name: 'Podcast Republic', pattern: '^Podcast ?Republic' },
  { name: 'AntennaPod', pattern: '^AntennaPod|^de\\.danoeh\\.antennapod' },
  { name: 'Player FM', pattern: '^((Alpha|Beta)( |%20))?Player( |%20)?FM' },
  { name: 'Castro', pattern: '^Castro[ /]' },
  { name: 'CastBox', pattern: '^Cast[Bb]ox|^fm\\.castbox\\.' },
  { name: 'Podverse', pattern: '^Podverse' },
  { name: 'Podbean', pattern: '^Podbean/' },
  { name: 'Goodpods', pattern: '^[Gg]oodpods' },
  { name: 'Google Podcasts', pattern: '^Google-?Podcasts|GSA/' },
  { name: 'Fountain', pattern: '^Fountain/|^fountainapp/' },
  { name: 'RSS Radio', pattern: '^RSS ?Radio' },
  { name: 'Luminary', pattern: '^[Ll]uminary' },
  { name: 'Metacast', pattern: '^Metacast/|compatible; Metacast/' },
  { name: 'gPodder', pattern: '^gPodder' },
  { name: 'BeyondPod', pattern: 'BeyondPod' },
  { name: 'DoggCatcher', pattern: 'DoggCatcher' },
  { name: 'Podfriend', pattern: '^Pod[Ff]riend|PodFriend/' },
  { name: 'Podhero', pattern: '^Podhero|^Swoot' },
  { name: 'KidsPod', pattern: '^Kids[Pp]od' },
  { name: 'TPA', pattern: '^TPA(-Wear)?/' },
  { name: 'Podkicker', pattern: '^[Pp]odkicker' },
  { name: 'Procast', pattern: '^Pro[Cc]ast|^com\\.podflitzer' },
  { name: 'Xiao Yu Zhou', pattern: '^[Xx]iaoyuzhou' },
  { name: 'Sonnet', pattern: '^Simple Podcast Player/|^Sonnet/' },
  { name: 'Moon FM', pattern: '^Moon ?FM' },
  { name: 'GetPodcast', pattern: '^GetPodcast[ /]' },
  { name: 'Audiobookshelf', pattern: '^audiobookshelf' },
  { name: 'Instacast', pattern: '^Instacast' },
  { name: 'HermesPod', pattern: '^hermespod' },
  { name: 'FocusPodcast', pattern: '^FocusPodcast' },
  { name: 'SoundWaves', pattern: '^SoundWaves' },
  { name: 'RSSDemon', pattern: 'RssDemon' },
  { name: 'Radio Downloader', pattern: 'Radio Downloader' },
  { name: 'Cooler', pattern: '^CoolerFM/' },
  { name: 'Overhaul', pattern: '^(Podcast )?Overhaul[ /]' },
  { name: 'Godcaster', pattern: '^GodcasterApp' },
  { name: 'České podcasty', pattern: '^cz\\.ceskeappky\\.podcasty' },
];
