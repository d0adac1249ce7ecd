import type { FeedReading } from './feed-reading.js';
import { mediaKind } from './media-kind.js';
import { parseByteLength } from './parse-byte-length.js';
import type { AlternateMedia, MediaTarget, ParsedEpisode, SkipCode } from './parsed-feed.js';
import type { RawElement, RawFields } from './raw-feed.js';
import { resolveFeedUrl } from './resolve-feed-url.js';
import { stripPrefixes } from './strip-prefixes.js';

/** A target longer than this fits no index and is refused. */
const MAX_MEDIA_KEY_LENGTH = 2048;

/** The media file of an item. `address` is the target's without query: the guid of items that have none. */
export type Enclosure = Pick<
  ParsedEpisode,
  'enclosureUrl' | 'enclosureType' | 'enclosureBytes' | 'target' | 'prefixes'
> & { readonly address: string };

interface Candidate {
  readonly element: RawElement;
  readonly url: URL;
  readonly type: string | null;
  readonly kind: 'media' | 'odd' | 'other';
  readonly target: URL;
  readonly prefixes: string[];
}

/** The first enclosure of an item that is audio or video, or why there is none. */
export function readEnclosure(
  item: RawFields,
  position: number,
  reading: FeedReading,
): Enclosure | { code: SkipCode; detail: string } {
  const written = item.get('enclosure') ?? [];
  if (written.length === 0) return { code: 'no_audio', detail: 'the item has no enclosure' };
  const candidates = written.flatMap((element) => toCandidate(element, reading));
  if (candidates.length === 0)
    return { code: 'enclosure_invalid', detail: 'the enclosure has no usable http address' };
  const media = candidates.filter(({ kind }) => kind !== 'other');
  const [chosen] = media;
  if (!chosen) {
    return {
      code: 'not_media',
      detail: `the enclosure is ${candidates[0]?.type ?? 'a file'}, not audio or video`,
    };
  }
  if (media.length > 1) {
    reading.warnings.add(
      position,
      'several_enclosures',
      `${media.length} media enclosures; the first is used`,
    );
  }
  return toEnclosure(chosen, position, reading);
}

/** Other renditions of the item (`podcast:alternateEnclosure`), without the enclosure itself. */
export function readAlternates(
  item: RawFields,
  enclosureUrl: string,
  reading: FeedReading,
): AlternateMedia[] {
  return (item.get('podcast:alternateEnclosure') ?? []).flatMap((alternate) =>
    alternate.children.flatMap((source) => {
      const url = resolveFeedUrl(source.attributes.uri, reading.base);
      if (url === null || url.href === enclosureUrl) return [];
      const { mediaKey } = toTarget(stripPrefixes(url, reading.ownPrefixHosts).target);
      const bitrate = Math.round(Number(alternate.attributes.bitrate));
      const type = readType(source.attributes.contentType ?? alternate.attributes.type);
      return [
        {
          url: url.href,
          mediaKey,
          type,
          ...(bitrate > 0 && Number.isSafeInteger(bitrate) ? { bitrate } : {}),
        },
      ];
    }),
  );
}

function toCandidate(element: RawElement, reading: FeedReading): Candidate[] {
  const url = resolveFeedUrl(element.attributes.url, reading.base);
  if (url === null) return [];
  const type = readType(element.attributes.type);
  const { target, prefixes } = stripPrefixes(url, reading.ownPrefixHosts);
  if (target.host.length + target.pathname.length > MAX_MEDIA_KEY_LENGTH) return [];
  return [{ element, url, type, kind: mediaKind(type, target.pathname), target, prefixes }];
}

function toEnclosure(chosen: Candidate, position: number, { warnings }: FeedReading): Enclosure {
  const { element, url, type, kind, target, prefixes } = chosen;
  if (type === null) warnings.add(position, 'enclosure_type_missing', 'the enclosure has no type');
  else if (kind === 'odd') warnings.add(position, 'enclosure_type_odd', `type "${type}" is read as audio`);
  return {
    enclosureUrl: url.href,
    enclosureType: type,
    enclosureBytes: readBytes(element.attributes.length, position, warnings),
    target: toTarget(target),
    prefixes,
    address: `${target.origin}${target.pathname}`,
  };
}

function toTarget({ host, pathname }: URL): MediaTarget {
  return { host, path: pathname, mediaKey: host + pathname };
}

function readBytes(
  written: string | undefined,
  position: number,
  warnings: FeedReading['warnings'],
): number | null {
  const text = written?.trim() ?? '';
  const bytes = text === '' ? 0 : parseByteLength(text);
  if (bytes === 0)
    warnings.add(position, 'enclosure_length_missing', 'the enclosure does not say its length');
  if (bytes === null) warnings.add(position, 'enclosure_length_unreadable', `length "${text.slice(0, 40)}"`);
  return bytes === 0 ? null : bytes;
}

/** Lower case, parameters left out. */
function readType(written: string | undefined): string | null {
  return written?.split(';')[0]?.trim().toLowerCase().slice(0, 100) || null;
}
