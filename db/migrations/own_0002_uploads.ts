/** Our version 2: which process writes the data of which image, so that uploads of dead processes are found (docs/reference/images-api.md §8.4). */
export const UPLOADS: readonly string[] = [
  `CREATE TABLE oneglance_uploads (
  image_id VARCHAR(36) NOT NULL,
  token VARCHAR(36) NOT NULL,
  owner VARCHAR(255) NOT NULL,
  store_id VARCHAR(255),
  expires_at DATETIME NOT NULL,
  PRIMARY KEY (image_id)
)`,
];
