/**
 * The tables of tests/api/open_rules.test.ts: requests with every policy rule open, and their status codes. The codes
 * are those of Glance 25.1.0 with the same policy files, except where `docs/policy.md` names a difference.
 */
import { type Ask, type Column, patch, type State } from "./open_rules.ts";

export const image = "/v2/images/{id}";
const replace = (name: string, value: unknown) => patch({ op: "replace", path: `/${name}`, value });
const importBy = (method: unknown, more = {}): Ask => ({
  method: "POST",
  path: `${image}/import`,
  body: { method, ...more },
});
const post = (path: string, body?: unknown): Ask => ({ method: "POST", path: image + path, body });
const put = (path: string, body?: unknown): Ask => ({ method: "PUT", path: image + path, body });
const remove = (path: string): Ask => ({ method: "DELETE", path: image + path });
const location = { url: "{web}/data", metadata: {} };

export const COLUMNS: Column[] = ["admin", "owner", "member", "open", "nobody's"];

/**
 * The columns: an administrator; the owning project; a stranger with whom the owner shares the image; any caller on a
 * community or public image; any caller except administrators on an image without owner. `legacy` holds the codes from
 * the third column on that differ with `enforce_new_defaults = false`. A caller that does not see the image gets 404.
 */
export const ROWS: [name: string, state: State, ask: Ask, codes: string, legacy?: string][] = [
  ["show", "queued", { method: "GET", path: image }, "200 200 200 200 200"],
  ["download", "active", { method: "GET", path: `${image}/file` }, "200 200 200 200 200"],
  ["tasks", "queued", { method: "GET", path: `${image}/tasks` }, "200 200 200 200 200"],
  ["an empty PATCH", "queued", patch(), "200 200 200 200 200"],
  ["rename", "queued", replace("name", "other"), "200 200 403 403 403"],
  ["rename an active image", "active", replace("name", "other"), "200 200 403 403 403"],
  ["protect", "queued", replace("protected", true), "200 200 403 403 403"],
  ["hide", "queued", replace("os_hidden", true), "200 200 403 403 403"],
  ["set tags", "queued", replace("tags", ["z"]), "200 200 403 403 403"],
  ["make public", "queued", replace("visibility", "public"), "200 200 403 403 403"],
  ["make community", "queued", replace("visibility", "community"), "200 200 403 403 403"],
  ["make private", "queued", replace("visibility", "private"), "200 200 403 403 403"],
  ["give away", "queued", replace("owner", "p2"), "200 403 403 403 403"],
  ["add a property", "queued", patch({ op: "add", path: "/extra", value: "v" }), "200 200 403 403 403"],
  ["remove a property", "queued", patch({ op: "remove", path: "/there" }), "200 200 403 403 403"],
  ["replace what is absent", "queued", replace("absent", "v"), "409 409 409 409 409", "403 403 403"],
  ["remove a base attribute", "queued", patch({ op: "remove", path: "/name" }), "403 403 403 403 403"],
  ["tag", "queued", put("/tags/new"), "204 204 403 403 403"],
  ["tag again", "queued", put("/tags/old"), "204 204 403 403 403"],
  ["untag", "queued", remove("/tags/old"), "204 204 403 403 403"],
  ["untag what is absent", "queued", remove("/tags/absent"), "404 404 404 404 404", "403 403 403"],
  ["upload", "queued", put("/file", "new data"), "204 204 403 403 403"],
  ["upload once more", "active", put("/file", "new data"), "409 409 409 409 409", "403 403 403"],
  ["stage", "queued", put("/stage", "new data"), "204 204 403 403 403"],
  ["stage once more", "active", put("/stage", "new data"), "409 409 409 409 409", "403 403 403"],
  [
    "web-download",
    "queued",
    importBy({ name: "web-download", uri: "{web}/data" }),
    "202 202 403 403 403",
  ],
  ["glance-direct", "staged", importBy({ name: "glance-direct" }), "202 202 403 403 403"],
  // Upstream works on the image with administrator rights: the rule alone decides.
  ["copy-image", "active", importBy({ name: "copy-image" }, { stores: ["b"] }), "202 202 202 202 202"],
  ["deactivate", "active", post("/actions/deactivate"), "204 204 403 403 403"],
  ["deactivate a queued image", "queued", post("/actions/deactivate"), "403 403 403 403 403"],
  ["deactivate again", "deactivated", post("/actions/deactivate"), "204 204 204 204 204", "403 403 403"],
  ["reactivate", "deactivated", post("/actions/reactivate"), "204 204 403 403 403"],
  ["reactivate again", "active", post("/actions/reactivate"), "204 204 204 204 204", "403 403 403"],
  ["set a location", "queued", replace("locations", [location]), "200 200 403 403 403"],
  [
    "add a location",
    "active",
    patch({ op: "add", path: "/locations/-", value: location }),
    "200 200 403 403 403",
  ],
  ["remove a location", "copied", patch({ op: "remove", path: "/locations/0" }), "200 200 403 403 403"],
  [
    "delete from a store",
    "copied",
    { method: "DELETE", path: "/v2/stores/a/{id}" },
    "204 204 403 403 403",
  ],
  [
    "delete from the only store",
    "active",
    { method: "DELETE", path: "/v2/stores/a/{id}" },
    "403 403 403 403 403",
  ],
  // Policy refuses in the task, after this 202.
  ["post a location", "queued", post("/locations", { url: "{web}/data" }), "202 202 202 202 202"],
  ["get locations", "active", { method: "GET", path: `${image}/locations` }, "200 200 200 200 200"],
  ["delete", "queued", remove(""), "204 204 404 404 404", "403 403 403"],
  ["delete an active image", "active", remove(""), "204 204 404 404 404", "403 403 403"],
  ["delete a protected image", "protected", remove(""), "403 403 403 403 403"],
];

/** Calls about members on an image that the owner shares with the stranger: administrator, owner, stranger. */
export const MEMBER_ROWS: [name: string, ask: Ask, codes: string, legacy?: string][] = [
  ["members", { method: "GET", path: `${image}/members` }, "200 200 200"],
  ["the stranger's membership", { method: "GET", path: `${image}/members/p2` }, "200 200 200"],
  ["another's membership", { method: "GET", path: `${image}/members/p5` }, "200 200 404"],
  ["add a member", post("/members", { member: "p7" }), "200 200 200", "200 200 403"],
  ["accept", put("/members/p2", { status: "accepted" }), "200 200 200", "200 403 200"],
  ["accept for another", put("/members/p5", { status: "accepted" }), "200 200 404", "200 403 404"],
  ["leave", remove("/members/p2"), "204 204 204", "204 204 403"],
  ["remove another", remove("/members/p5"), "204 204 404", "204 204 403"],
];

/** Below a namespace of the owner: any caller that sees it may do what the rules allow; upstream checks no owner here. */
export const NAMESPACE = "/v2/metadefs/namespaces/{ns}";
const TEXT = { title: "t", type: "string" };
export const NAMESPACE_ROWS: [method: string, path: string, status: number, body?: unknown][] = [
  ["GET", "", 200],
  ["PUT", "", 200, { namespace: "{ns}", display_name: "x" }],
  ["POST", "/objects", 201, { name: "o" }],
  ["PUT", "/objects/object1", 200, { name: "object1", description: "x" }],
  ["DELETE", "/objects/object1", 204],
  ["DELETE", "/objects", 204],
  ["POST", "/properties", 201, { name: "p", ...TEXT }],
  ["PUT", "/properties/property1", 200, { name: "property1", ...TEXT }],
  ["DELETE", "/properties/property1", 204],
  ["DELETE", "/properties", 204],
  ["POST", "/tags/new", 201],
  ["POST", "/tags", 201, { tags: [{ name: "t" }] }],
  ["PUT", "/tags/tag1", 200, { name: "u" }],
  ["DELETE", "/tags/tag1", 204],
  ["DELETE", "/tags", 204],
  ["POST", "/resource_types", 201, { name: "T" }],
  ["DELETE", "/resource_types/MyResourceType", 204],
  ["DELETE", "", 204],
];

/** Calls without an image: administrator, owner, without role, stranger, without project. */
export const OTHER_ROWS: [name: string, ask: Ask, codes: string, legacy?: string][] = [
  ["list", { method: "GET", path: "/v2/images" }, "200 200 200 200 200"],
  ["create", { method: "POST", path: "/v2/images", body: {} }, "201 201 201 201 201"],
  [
    "create public",
    { method: "POST", path: "/v2/images", body: { visibility: "public" } },
    "201 201 201 201 201",
  ],
  [
    "create for another",
    { method: "POST", path: "/v2/images", body: { owner: "p9" } },
    "201 201 201 201 201",
    "201 403 403 403 403",
  ],
  [
    "create for nobody",
    { method: "POST", path: "/v2/images", body: { owner: null } },
    "201 201 201 201 201",
    "201 403 403 403 201",
  ],
  ["list tasks", { method: "GET", path: "/v2/tasks" }, "200 200 200 200 200"],
  ["list namespaces", { method: "GET", path: "/v2/metadefs/namespaces" }, "200 200 200 200 200"],
];
