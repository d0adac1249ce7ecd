/**
 * What happened: the address of files changed, or only the way to them; a feed moved; numbers were recounted; a list
 * that counting uses changed; something that a person noted.
 */
export type AnnotationKind =
  'enclosure_changed' | 'prefix_changed' | 'feed_moved' | 'recount_applied' | 'list_changed' | 'note';

/** Something that explains a change in numbers. */
export interface NewAnnotation {
  readonly kind: AnnotationKind;
  /** Null for what concerns every podcast of the tenant. */
  readonly podcastId: string | null;
  /** Set for what concerns one episode only. */
  readonly episodeId: string | null;
  readonly detail: object;
}
