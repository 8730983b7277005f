/** /v2/metadefs/namespaces (docs/reference/metadefs-api.md §4). */
import type * as routes from "../../../openapi/metadefs_namespaces.ts";
import { parseNamespace } from "../../metadefs/bodies.ts";
import {
  createNamespace,
  deleteNamespace,
  listNamespaces,
  showNamespace,
  updateNamespace,
} from "../../metadefs/namespaces.ts";
import { type Call, empty, json, pageLinks } from "../bind.ts";
import { namespacePage } from "../metadef_query.ts";
import {
  bareNamespaceView,
  createdNamespaceView,
  fullNamespaceView,
  namespacePath,
  namespaceView,
} from "../view/metadef.ts";

export async function list(call: Call<typeof routes.listNamespaces>): Promise<Response> {
  const { ctx, search } = call;
  const wanted = namespacePage(call.query(), ctx.deps.config);
  const namespaces = await listNamespaces(ctx, wanted);
  const last = namespaces.length === wanted.limit ? namespaces.at(-1) : undefined;
  return json(call, {
    namespaces: namespaces.map(namespaceView),
    ...pageLinks("/v2/metadefs/namespaces", search, last?.namespace ?? null),
    schema: "/v2/schemas/metadefs/namespaces",
  });
}

export async function create(call: Call<typeof routes.createNamespace>): Promise<Response> {
  const body = parseNamespace(call.body);
  const namespace = await createNamespace(call.ctx, body);
  const { scheme, host } = call.c.get("base");
  // Escapes characters that would end the path or are invalid in a header.
  const path = encodeURI(namespacePath(namespace.namespace)).replaceAll("?", "%3F").replaceAll("#", "%23");
  return json(call, createdNamespaceView(namespace, body), 201, { location: `${scheme}://${host}${path}` });
}

export async function show(call: Call<typeof routes.showNamespace>): Promise<Response> {
  const resourceType = call.query().resource_type ?? null;
  const { namespace, contents } = await showNamespace(call.ctx, call.param("namespace"), resourceType);
  return json(call, fullNamespaceView(namespace, contents));
}

export async function update(call: Call<typeof routes.updateNamespace>): Promise<Response> {
  const namespace = await updateNamespace(call.ctx, call.param("namespace"), parseNamespace(call.body));
  return json(call, bareNamespaceView(namespace));
}

export async function remove(call: Call<typeof routes.deleteNamespace>): Promise<Response> {
  await deleteNamespace(call.ctx, call.param("namespace"));
  return empty(call, 204);
}
