/** Our version 1: the table of our versions, and the indexes that listing walks (docs/adr/0002-database-access.md). */
export const LISTING: readonly string[] = [
  `CREATE TABLE oneglance_schema (
  version INTEGER NOT NULL,
  applied_at DATETIME NOT NULL,
  PRIMARY KEY (version)
)`,
  `CREATE INDEX oneglance_images_created ON images (os_hidden, created_at, id) WHERE deleted = 0`,
  `CREATE INDEX oneglance_images_visibility ON images (os_hidden, visibility, created_at, id) WHERE deleted = 0`,
  `CREATE INDEX oneglance_images_owner ON images (os_hidden, owner, created_at, id) WHERE deleted = 0`,
  `CREATE INDEX oneglance_images_name ON images (os_hidden, coalesce(name, ''), created_at, id) WHERE deleted = 0`,
  `CREATE INDEX oneglance_images_status ON images (os_hidden, status, created_at, id) WHERE deleted = 0`,
  `CREATE INDEX oneglance_images_disk_format ON images (os_hidden, coalesce(disk_format, ''), created_at, id) WHERE deleted = 0`,
  `CREATE INDEX oneglance_images_container_format ON images (os_hidden, coalesce(container_format, ''), created_at, id) WHERE deleted = 0`,
  `CREATE INDEX oneglance_images_size ON images (os_hidden, coalesce(size, 0), created_at, id) WHERE deleted = 0`,
  `CREATE INDEX oneglance_images_updated ON images (os_hidden, coalesce(updated_at, created_at), created_at, id) WHERE deleted = 0`,
  `CREATE INDEX oneglance_properties_value ON image_properties (name, value, image_id) WHERE deleted = 0`,
  `CREATE INDEX oneglance_members_member ON image_members (member, status, image_id) WHERE deleted = 0`,
  `CREATE INDEX oneglance_tags_value ON image_tags (value, image_id) WHERE deleted = 0`,
];
