const MEDIA_TYPE = /^(?:audio|video)\/|^application\/(?:ogg|x-mpegurl|vnd\.apple\.mpegurl)$/;
const TYPE_WITHOUT_MEANING = /^(?:application|binary)\/(?:octet-stream|x-download|force-download)$|^[^/]*$/;
const MEDIA_ENDING = /\.(?:mp3|m4a|m4b|m4v|mp4|mov|aac|oga|ogg|opus|flac|wav|wma|webm|m3u8)$/i;
const OTHER_ENDING = /\.(?:pdf|epub|zip|jpe?g|png|gif|webp|html?|txt|docx?|json|xml|vtt|srt)$/i;

/**
 * Whether an enclosure is audio or video (PTMG v2.3 §2 covers both). The type decides; where it says nothing, or
 * the wrong thing about a file that ends in `.mp3` and the like, the ending does; where neither says anything, an
 * enclosure of a podcast is taken as audio.
 * @param type media type in lower case
 * @returns `odd` when the type alone would have been misleading
 */
export function mediaKind(type: string | null, path: string): 'media' | 'odd' | 'other' {
  if (type !== null && MEDIA_TYPE.test(type)) return 'media';
  if (MEDIA_ENDING.test(path)) return type === null ? 'media' : 'odd';
  const silent = type === null || TYPE_WITHOUT_MEANING.test(type);
  return silent && !OTHER_ENDING.test(path) ? 'odd' : 'other';
}
