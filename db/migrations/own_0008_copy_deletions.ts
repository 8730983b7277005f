/** Our version 8: which copies of an image are being removed; NULL = all of the image. */
export const COPY_DELETIONS: readonly string[] = [
  "ALTER TABLE oneglance_deletions ADD COLUMN location_ids TEXT",
];
