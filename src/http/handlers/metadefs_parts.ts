/** Objects and properties of a namespace (docs/reference/metadefs-api.md §5, §6). */
import type { MetadefKind } from "../../../db/metadef_records.ts";
import type * as objects from "../../../openapi/metadefs_objects.ts";
import type * as properties from "../../../openapi/metadefs_properties.ts";
import {
  addPart,
  changePart,
  clearParts,
  listParts,
  removePart,
  showPart,
  showPropertyOf,
} from "../../metadefs/parts.ts";
import { objectPart, parseObject, parseProperty, propertyPart } from "../../metadefs/bodies.ts";
import { propertyView } from "../../metadefs/property_schema.ts";
import type { Ctx } from "../../deps.ts";
import { type Call, empty, json } from "../bind.ts";
import { objectView, propertiesView, sentObjectView } from "../view/metadef.ts";

export async function listObjects(call: Call<typeof objects.listObjects>): Promise<Response> {
  // Upstream checks the query, then ignores it.
  call.query();
  const { namespace, parts } = await listParts(call.ctx, "object", call.param("namespace"));
  return json(call, {
    objects: parts.map((each) => objectView(namespace.namespace, each)),
    // Without the slash, as upstream writes it.
    schema: "v2/schemas/metadefs/objects",
  });
}

export async function addObject(call: Call<typeof objects.addObject>): Promise<Response> {
  const body = parseObject(call.body);
  const added = await addPart(call.ctx, "object", call.param("namespace"), objectPart(body));
  return json(call, sentObjectView(call.param("namespace"), added, body), 201);
}

export async function showObject(call: Call<typeof objects.showObject>): Promise<Response> {
  const { part } = await showPart(call.ctx, "object", call.param("namespace"), call.param("object"));
  return json(call, objectView(call.param("namespace"), part));
}

export async function changeObject(call: Call<typeof objects.changeObject>): Promise<Response> {
  const body = parseObject(call.body, { changed: true });
  const part = objectPart(body);
  const changed = await changePart(call.ctx, "object", call.param("namespace"), call.param("object"), part);
  return json(call, sentObjectView(call.param("namespace"), changed, body));
}

export async function listProperties(call: Call<typeof properties.listProperties>): Promise<Response> {
  const { parts } = await listParts(call.ctx, "property", call.param("namespace"));
  return json(call, { properties: propertiesView(parts) });
}

export async function addProperty(call: Call<typeof properties.addProperty>): Promise<Response> {
  const body = parseProperty(call.body);
  await addPart(call.ctx, "property", call.param("namespace"), propertyPart(body.name, body));
  return json(call, propertyView(body, body.name), 201);
}

export async function showProperty(call: Call<typeof properties.showProperty>): Promise<Response> {
  const [namespace, name] = [call.param("namespace"), call.param("property")];
  const resourceType = call.query().resource_type;
  const part = resourceType === undefined
    ? (await showPart(call.ctx, "property", namespace, name)).part
    : await showPropertyOf(call.ctx, resourceType, namespace, name);
  return json(call, propertyView(part.schema, part.name));
}

export async function changeProperty(call: Call<typeof properties.changeProperty>): Promise<Response> {
  const body = parseProperty(call.body);
  const part = propertyPart(body.name, body);
  await changePart(call.ctx, "property", call.param("namespace"), call.param("property"), part);
  return json(call, propertyView(body, body.name));
}

/** DELETE of one part; the kind is the name of the path's last parameter. */
export function remove<K extends MetadefKind>(kind: K) {
  return async (call: { ctx: Ctx; param(name: "namespace" | K): string }): Promise<Response> => {
    await removePart(call.ctx, kind, call.param("namespace"), call.param(kind));
    return empty(call, 204);
  };
}

/** DELETE of all parts of a kind. */
export function clear(kind: MetadefKind) {
  return async (call: { ctx: Ctx; param(name: "namespace"): string }): Promise<Response> => {
    await clearParts(call.ctx, kind, call.param("namespace"));
    return empty(call, 204);
  };
}
