/** Our version 3: the order in which namespaces of metadata definitions are listed. */
export const METADEFS: readonly string[] = [
  `CREATE INDEX oneglance_metadefs_created ON metadef_namespaces (created_at, id)`,
];
