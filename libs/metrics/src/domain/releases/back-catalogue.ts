/** Downloads of one podcast, or of all, in one stretch of time, by the age of the episode when it was downloaded. */
export interface CatalogueCount {
  readonly downloads: number;
  /** Of episodes older than the limit. */
  readonly backCatalogue: number;
  /** Of episodes without a date of publication: their age is not known. */
  readonly undated: number;
  /** `backCatalogue / (downloads − undated)`; null where there is nothing to divide by. */
  readonly share: number | null;
}

/** What is left when downloads of young and of undated episodes are taken from all. */
export function catalogueCount(downloads: number, young: number, undated: number): CatalogueCount {
  const dated = downloads - undated;
  const backCatalogue = dated - young;
  return { downloads, backCatalogue, undated, share: dated === 0 ? null : backCatalogue / dated };
}
