/** Upstream's tables of metadata definitions at `2024_1_contract01` (docs/reference/data-model.md §1.7). Never edited. */
export const METADEF_TABLES: readonly string[] = [
  `CREATE TABLE metadef_namespaces (
  id INTEGER NOT NULL,
  namespace VARCHAR(80) NOT NULL,
  display_name VARCHAR(80),
  description TEXT,
  visibility VARCHAR(32),
  protected BOOLEAN,
  owner VARCHAR(255) NOT NULL,
  created_at DATETIME NOT NULL,
  updated_at DATETIME,
  PRIMARY KEY (id),
  CONSTRAINT uq_metadef_namespaces_namespace UNIQUE (namespace),
  CHECK (protected IN (0, 1))
)`,
  `CREATE INDEX ix_metadef_namespaces_owner ON metadef_namespaces (owner)`,
  `CREATE TABLE metadef_resource_types (
  id INTEGER NOT NULL,
  name VARCHAR(80) NOT NULL,
  protected BOOLEAN NOT NULL,
  created_at DATETIME NOT NULL,
  updated_at DATETIME,
  PRIMARY KEY (id),
  CONSTRAINT uq_metadef_resource_types_name UNIQUE (name),
  CHECK (protected IN (0, 1))
)`,
  `CREATE TABLE metadef_namespace_resource_types (
  resource_type_id INTEGER NOT NULL,
  namespace_id INTEGER NOT NULL,
  properties_target VARCHAR(80),
  prefix VARCHAR(80),
  created_at DATETIME NOT NULL,
  updated_at DATETIME,
  PRIMARY KEY (resource_type_id, namespace_id),
  FOREIGN KEY (resource_type_id) REFERENCES metadef_resource_types (id),
  FOREIGN KEY (namespace_id) REFERENCES metadef_namespaces (id)
)`,
  `CREATE INDEX ix_metadef_ns_res_types_namespace_id ON metadef_namespace_resource_types (namespace_id)`,
  `CREATE TABLE metadef_objects (
  id INTEGER NOT NULL,
  namespace_id INTEGER NOT NULL,
  name VARCHAR(80) NOT NULL,
  description TEXT,
  required TEXT,
  json_schema TEXT NOT NULL,
  created_at DATETIME NOT NULL,
  updated_at DATETIME,
  PRIMARY KEY (id),
  FOREIGN KEY (namespace_id) REFERENCES metadef_namespaces (id),
  CONSTRAINT uq_metadef_objects_namespace_id_name UNIQUE (namespace_id, name)
)`,
  `CREATE INDEX ix_metadef_objects_name ON metadef_objects (name)`,
  `CREATE TABLE metadef_properties (
  id INTEGER NOT NULL,
  namespace_id INTEGER NOT NULL,
  name VARCHAR(80) NOT NULL,
  json_schema TEXT NOT NULL,
  created_at DATETIME NOT NULL,
  updated_at DATETIME,
  PRIMARY KEY (id),
  FOREIGN KEY (namespace_id) REFERENCES metadef_namespaces (id),
  CONSTRAINT uq_metadef_properties_namespace_id_name UNIQUE (namespace_id, name)
)`,
  `CREATE INDEX ix_metadef_properties_name ON metadef_properties (name)`,
  `CREATE TABLE metadef_tags (
  id INTEGER NOT NULL,
  namespace_id INTEGER NOT NULL,
  name VARCHAR(80) NOT NULL,
  created_at DATETIME NOT NULL,
  updated_at DATETIME,
  PRIMARY KEY (id),
  FOREIGN KEY (namespace_id) REFERENCES metadef_namespaces (id),
  CONSTRAINT uq_metadef_tags_namespace_id_name UNIQUE (namespace_id, name)
)`,
  `CREATE INDEX ix_metadef_tags_name ON metadef_tags (name)`,
];
