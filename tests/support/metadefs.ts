/** Metadata definitions that scenario tables begin with. */
import type { Given } from "./scenario.ts";
import { ADMIN, type TestService } from "./service.ts";

let count = 0;

/** Sends a POST, PUT or DELETE as the administrator; fails the test unless it succeeds. */
export async function done(
  service: TestService,
  ask: string,
  body?: unknown,
): Promise<Record<string, unknown>> {
  const mark = ask.indexOf(" ");
  const asked = { method: ask.slice(0, mark), ...(body === undefined ? {} : { body }) };
  const response = await service.ask(ask.slice(mark + 1), ADMIN, asked);
  const text = await response.text();
  if (!response.ok) throw new Error(`${ask}: ${response.status} ${text}`);
  return text === "" ? {} : JSON.parse(text);
}

/** Creates a namespace of project p1; returns its name as `{ns}`. */
export function namespace(body: Record<string, unknown> = {}): (service: TestService) => Promise<Given> {
  return async (service) => {
    const ns = `ns${++count}`;
    await done(service, "POST /v2/metadefs/namespaces", { namespace: ns, owner: "p1", ...body });
    return { ns };
  };
}

/** The smallest valid definition. */
export const TEXT = { title: "A title", type: "string" };

/** One of everything. */
export const FULL = {
  display_name: "Display",
  description: "Description",
  visibility: "public",
  resource_type_associations: [{ name: "MyResourceType", prefix: "MyPrefix", properties_target: "image" }],
  properties: { property1: { ...TEXT, default: 100 } },
  objects: [{
    name: "object1",
    description: "An object",
    required: ["inner1"],
    properties: { inner1: { ...TEXT, type: "integer", default: 500, minimum: 1, maximum: 900 } },
  }],
  tags: [{ name: "tag1" }, { name: "tag2" }],
};
