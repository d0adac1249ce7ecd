import type { ListEntry } from '../list-entry.js';

/** Machines of the podcast world: directories that read feeds, hosts that import shows, companies that measure or write down speech. */
export const BUILT_IN_PODCAST_BOTS: readonly ListEntry[] = [
  // PTMG's own rule takes those that name watchOS. The rest of this download service has not been seen with a person.
  { name: 'Apple Podcasts (Watch)', pattern: '^atc/' },
  { name: 'Podcast directory sync', pattern: 'Podcast[ -]Sync' },
  { name: 'Spotify ingestion', pattern: '^Spotify/1\\.0$' },
  { name: 'Podcast Index', pattern: 'Podcast[Ii]ndex\\.org|PodcastIndex(Manager|er)|^Aggrivator|[Pp]odping' },
  { name: 'Podchaser', pattern: 'PodchaserParser|PodchaserBot' },
  { name: 'Podbean', pattern: 'PodbeanFeedReader|^Podbean Importer' },
  { name: 'Blubrry', pattern: '^Blubrry ' },
  { name: 'Podtrac', pattern: '^Podtrac ' },
  { name: 'audioBoom', pattern: 'audio[Bb]oomBot' },
  { name: 'Audiomack', pattern: '^Audiomack Podcast Processor' },
  { name: 'AudioWave', pattern: 'AudioWaveBot' },
  { name: 'Captivate', pattern: 'CaptivateBot' },
  { name: 'CastFeedValidator', pattern: '^CastFeedValidator/' },
  { name: 'Bullhorn crawler', pattern: 'BullhornCrawler' },
  { name: 'iono.fm', pattern: '^iono/' },
  { name: 'IPFS Podcasting', pattern: '^IPFS Podcasting' },
  { name: 'Listen Notes', pattern: 'ListenNotes|listennotes\\.com' },
  { name: 'Magellan AI', pattern: '^MagellanAI' },
  { name: 'Metacast crawler', pattern: '^Metacast/[0-9.]+ Crawler' },
  { name: 'Metapodcast', pattern: '^Metapodcast' },
  { name: 'OP3', pattern: '^op3-' },
  { name: 'Pinecast importer', pattern: '^Pinecast/Importer' },
  { name: 'Podcorn', pattern: '^Podcorn' },
  { name: 'Podfollow', pattern: 'podfollow' },
  { name: 'Podhound', pattern: '^Podhound' },
  { name: 'Podroll', pattern: '^pdrl\\.fm' },
  { name: 'Podscan', pattern: '^Podscan' },
  { name: 'Podscribe', pattern: '[Pp]odscribe' },
  { name: 'Podwatch', pattern: '^Podwatch' },
  { name: 'PlayNext', pattern: '[Pp]lay[Nn]ext(-[a-z0-9]+)?/' },
  { name: 'PodUptime', pattern: 'PodUptime' },
  { name: 'Podcast search engine', pattern: '(PodOracle|PodSearcher|Crowli|Jaunt|All ?Ears)/' },
  { name: 'Rephonic', pattern: '^Rephonic' },
  { name: 'Chartable', pattern: '[Cc]hartable' },
  { name: 'Supporting Cast', pattern: '^SupportingCast' },
  { name: 'Taddy', pattern: '^Taddy' },
  { name: 'Triton Digital', pattern: '^Triton Digital' },
  { name: 'Veritone', pattern: '^veritone' },
  { name: 'Adswizz', pattern: '^AIS |[Aa]d[Ss]wizz' },
  { name: 'FreeWheel', pattern: '^Freewheel' },
  { name: 'Headline', pattern: 'ev-crawler' },
  { name: 'Headliner processor', pattern: '^Headliner/[0-9.]+ +https' },
  { name: 'SoundMadeSeen', pattern: '^SoundMadeSeen' },
  { name: 'Zencastr', pattern: '^Zencast' },
  {
    name: 'Transcription service',
    pattern: '[Tt]ranscri(be|pt)|[Ww]hisper|pyannote|AssemblyAI|[Dd]eepgram|runpod|podcast-stt|^podwords',
  },
  { name: 'Simplecast', pattern: '^Simplecast$' },
  { name: 'Castopod', pattern: '^Castopod/' },
  { name: 'Acast', pattern: '^acast-tester' },
  { name: 'Gumball', pattern: '^Gumball' },
  { name: 'castget', pattern: '^castget' },
  { name: 'poddl', pattern: '^poddl' },
];

const OTHER_BOTS: readonly ListEntry[] = [
  {
    name: 'Podcast downloading script',
    pattern:
      '^(Mozilla/5\\.0 (\\(compatible; )?)?([A-Za-z0-9]+-)?[Pp]ods?(cast)?s?[-_ ]?([a-z0-9]+-)*(([Aa]udio[- ])?[Dd]ownload(er)?(-worker)?|DL|dl|[Gg]rabber|[Ww]orker|[Pp]ipeline|[Ii]ndexer|[Tt]ranslator|[Ss]craper|[Pp]reflight|[Bb]ackfill|[Aa]nalyzer)(/| |\\)|$)',
  },
  {
    name: 'Downloading script',
    pattern:
      '\\([A-Za-z ]*Podcast (Audio )?(Downloader|Import)|[Aa]udio ?[Ff]etcher|[a-z]-[Dd]ownloader(/|$)|^Pod[A-Za-z]+Downloader/|-(fetch|puller|archiver|sanity-check|tester|checker)/',
  },
  { name: 'Importer', pattern: '^[A-Za-z.-]+[-/ _]?[Ii]mport(er)?( |/|$)|feed_importer' },
  { name: 'Worker script', pattern: '(-service|-)[Ww]orker(/|\\)|$)' },
  {
    name: 'Robot that calls itself compatible',
    pattern: '^Mozilla/5\\.0 \\(compatible; ?[A-Za-z0-9._-]+(/[v0-9.]+)?(-[a-z]+)?\\)$',
  },
  {
    name: 'Robot that leaves an address',
    pattern: '\\(compatible; [^)]*(https?://|[a-z]@[a-z])|compatible; [A-Za-z]+[Bb]ot',
  },
  {
    name: 'Self-declared robot',
    pattern: '([Bb]ot|[Cc]rawler|[Ss]pider)(/[v0-9.]+)?($|\\)|;| [0-9.]+$|,? ?\\(?\\+?(https?:|[a-z.]+@))',
  },
];

/**
 * What names itself a machine, or does what only machines do, after all that are known by name. Narrow enough that no
 * app in which people listen says it of itself; a tenant that knows better may say so.
 */
export const BUILT_IN_OTHER_BOTS: readonly ListEntry[] = OTHER_BOTS.map((entry) => ({
  ...entry,
  catchAll: true,
}));
