/** The reads and writes of metadata definitions by name. */
import type { Conn } from "../conn.ts";
import type { MetadefReads } from "../metadef_database.ts";
import { addAssociation, removeAssociation } from "./metadefs_associations_write.ts";
import { readDefinitions } from "./metadefs_definitions_read.ts";
import { listNamespaces, listTags } from "./metadefs_list_read.ts";
import { loadNamespace, unloadMetadefs } from "./metadefs_load_write.ts";
import { changeNamespace, createNamespace, removeNamespace } from "./metadefs_namespaces_write.ts";
import { addParts, changePart, clearParts, removePart } from "./metadefs_parts_write.ts";
import { readContents, readNamespace, readPart, readParts, readResourceTypes } from "./metadefs_read.ts";

type On = <I, O>(read: (conn: Conn, input: I) => Promise<O>) => (input: I) => Promise<O>;

/** The reads, each bound by `on`. */
export function metadefReads(on: On): MetadefReads {
  return {
    metadefNamespace: on(readNamespace),
    metadefNamespaces: on(listNamespaces),
    metadefContents: on(readContents),
    metadefParts: on(readParts),
    metadefPart: on(readPart),
    metadefTags: on(listTags),
    metadefResourceTypes: on((conn: Conn, _: void) => readResourceTypes(conn)),
    metadefDefinitions: on(readDefinitions),
  };
}

/** Each runs inside one transaction. */
export const METADEF_WRITES = {
  createMetadefNamespace: createNamespace,
  changeMetadefNamespace: changeNamespace,
  removeMetadefNamespace: removeNamespace,
  addMetadefParts: addParts,
  changeMetadefPart: changePart,
  removeMetadefPart: removePart,
  clearMetadefParts: clearParts,
  addMetadefAssociation: addAssociation,
  removeMetadefAssociation: removeAssociation,
  loadMetadefs: loadNamespace,
  unloadMetadefs,
};
