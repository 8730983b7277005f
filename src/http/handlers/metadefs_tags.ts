/** Tags of a namespace (docs/reference/metadefs-api.md §7). */
import type * as routes from "../../../openapi/metadefs_tags.ts";
import { addTag, changePart, showPart } from "../../metadefs/parts.ts";
import { addTags, listTags } from "../../metadefs/tags.ts";
import { parseTag, parseTags, tagPart } from "../../metadefs/bodies.ts";
import { type Call, json } from "../bind.ts";
import { tagPage } from "../metadef_query.ts";
import { namedView } from "../view/metadef.ts";

const TRUE = ["true", "1", "t", "yes", "y", "on"];

export async function list(call: Call<typeof routes.listTags>): Promise<Response> {
  const tags = await listTags(call.ctx, call.param("namespace"), tagPage(call.query()));
  return json(call, { tags: tags.map(({ name }) => ({ name })) });
}

export async function addMany(call: Call<typeof routes.addTags>): Promise<Response> {
  const tags = parseTags(call.body);
  const header = call.headers()["X-Openstack-Append"] ?? "";
  const append = TRUE.includes(header.trim().toLowerCase());
  await addTags(call.ctx, call.param("namespace"), tags, { append });
  return json(call, { tags }, 201);
}

export async function add(call: Call<typeof routes.addTag>): Promise<Response> {
  return json(call, namedView(await addTag(call.ctx, call.param("namespace"), call.param("tag"))), 201);
}

export async function show(call: Call<typeof routes.showTag>): Promise<Response> {
  const { part } = await showPart(call.ctx, "tag", call.param("namespace"), call.param("tag"));
  return json(call, namedView(part));
}

export async function change(call: Call<typeof routes.changeTag>): Promise<Response> {
  const part = tagPart(parseTag(call.body));
  return json(
    call,
    namedView(await changePart(call.ctx, "tag", call.param("namespace"), call.param("tag"), part)),
  );
}
