/** Our version 6: which images are being deleted, so that a deletion that a dead process began is completed (docs/reference/images-api.md §8). */
export const DELETIONS: readonly string[] = [
  `CREATE TABLE oneglance_deletions (
  image_id VARCHAR(36) NOT NULL,
  token VARCHAR(36) NOT NULL,
  owner VARCHAR(255) NOT NULL,
  expires_at DATETIME NOT NULL,
  was VARCHAR(30) NOT NULL,
  PRIMARY KEY (image_id)
)`,
];
