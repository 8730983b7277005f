/** Serves the routes of metadata definitions (docs/reference/metadefs-api.md §3). */
import { z } from "@hono/zod-openapi";
import type { Hono } from "hono";
import { METADEF_SCHEMAS } from "../../openapi/metadefs.ts";
import { checkMetadefs } from "../../openapi/metadefs_check.ts";
import * as namespaceRoutes from "../../openapi/metadefs_namespaces.ts";
import * as objectRoutes from "../../openapi/metadefs_objects.ts";
import * as propertyRoutes from "../../openapi/metadefs_properties.ts";
import * as typeRoutes from "../../openapi/metadefs_resource_types.ts";
import * as tagRoutes from "../../openapi/metadefs_tags.ts";
import { READ_ONLY, READ_ONLY_LINKED } from "../metadefs/bodies.ts";
import { refuseReadOnly } from "../metadefs/document.ts";
import { METADEF_DOCUMENTS } from "../metadefs/schema_document.ts";
import { asciiJson, bind, type BindOptions } from "./bind.ts";
import type { Env } from "./env.ts";
import * as images from "./handlers/images.ts";
import * as namespaces from "./handlers/metadefs_namespaces.ts";
import * as parts from "./handlers/metadefs_parts.ts";
import * as types from "./handlers/metadefs_resource_types.ts";
import * as tags from "./handlers/metadefs_tags.ts";

/** The handler checks the body itself: the same checks are used for catalogue files, and some change the body. */
function checkedBy(readOnly: readonly string[]): BindOptions {
  return { schema: z.unknown(), before: (body) => refuseReadOnly(body, readOnly) };
}
const LINKED = checkedBy(READ_ONLY_LINKED);
const TIMED = checkedBy(READ_ONLY);
const IGNORE_BODY: BindOptions = { ignoreBody: true };

export function bindMetadefs(app: Hono<Env>): void {
  bind(app, namespaceRoutes.listNamespaces, namespaces.list, IGNORE_BODY);
  bind(app, namespaceRoutes.createNamespace, namespaces.create, LINKED);
  bind(app, namespaceRoutes.showNamespace, namespaces.show);
  bind(app, namespaceRoutes.updateNamespace, namespaces.update, LINKED);
  bind(app, namespaceRoutes.deleteNamespace, namespaces.remove);

  bind(app, objectRoutes.listObjects, parts.listObjects, IGNORE_BODY);
  bind(app, objectRoutes.addObject, parts.addObject, LINKED);
  bind(app, objectRoutes.clearObjects, parts.clear("object"));
  bind(app, objectRoutes.showObject, parts.showObject);
  bind(app, objectRoutes.changeObject, parts.changeObject, LINKED);
  bind(app, objectRoutes.removeObject, parts.remove("object"));

  bind(app, propertyRoutes.listProperties, parts.listProperties, IGNORE_BODY);
  bind(app, propertyRoutes.addProperty, parts.addProperty, TIMED);
  bind(app, propertyRoutes.clearProperties, parts.clear("property"));
  bind(app, propertyRoutes.showProperty, parts.showProperty, IGNORE_BODY);
  bind(app, propertyRoutes.changeProperty, parts.changeProperty, TIMED);
  bind(app, propertyRoutes.removeProperty, parts.remove("property"));

  bind(app, tagRoutes.listTags, tags.list, IGNORE_BODY);
  bind(app, tagRoutes.addTags, tags.addMany, TIMED);
  bind(app, tagRoutes.clearTags, parts.clear("tag"));
  bind(app, tagRoutes.showTag, tags.show);
  bind(app, tagRoutes.addTag, tags.add);
  bind(app, tagRoutes.changeTag, tags.change, TIMED);
  bind(app, tagRoutes.removeTag, parts.remove("tag"));

  bind(app, typeRoutes.listResourceTypes, types.listTypes);
  bind(app, typeRoutes.listAssociations, types.list);
  bind(app, typeRoutes.addAssociation, types.add, TIMED);
  bind(app, typeRoutes.removeAssociation, types.remove);

  bind(app, checkMetadefs, images.checkProperties);

  for (const [name, route] of Object.entries(METADEF_SCHEMAS)) {
    bind(app, route, (call) => asciiJson(call, METADEF_DOCUMENTS[name as keyof typeof METADEF_DOCUMENTS]));
  }
}
