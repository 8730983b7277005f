/** The outcome matrix of docs/reference/policy.md §6.1, as far as it is made of rules: who may do what with the defaults. */
import assert from "node:assert/strict";
import type { ImageRecord } from "../../db/records.ts";
import { GlanceError } from "../../src/errors.ts";
import type { Caller } from "../../src/caller.ts";
import { authorize, authorizeCreate, authorizeImage, authorizeMember } from "../../src/policy/authorize.ts";
import { isAdmin } from "../../src/policy/enforcer.ts";
import { makeEnforcer, type PolicyEnforcer } from "../../src/policy/load.ts";
import { listTarget, NO_TARGET } from "../../src/policy/targets.ts";
import { callerOf, imageOf, policyConfig } from "../support/policy.ts";

const CALLERS: Record<string, Caller> = {
  A: callerOf("ops", ["admin", "member", "reader"]),
  O: callerOf("own", ["member", "reader"]),
  R: callerOf("own", ["reader"]),
  M: callerOf("own", ["member"]),
  N: callerOf("own", ["guest"]),
  X: callerOf("other", ["member", "reader"]),
  S: callerOf("svc", ["service"]),
};

const PRIVATE = imageOf({ visibility: "private" });
const SHARED = imageOf({ visibility: "shared" });
const PUBLIC = imageOf({ visibility: "public" });
const COMMUNITY = imageOf({ visibility: "community" });

const enforcer = await makeEnforcer(policyConfig());

/** What the database shows: a foreign private image only to an administrator. */
function status(
  caller: Caller,
  image: ImageRecord,
  isMember: boolean,
  check: () => void | Promise<void>,
): number {
  const admin = isAdmin(enforcer, caller) === true;
  const open = image.visibility === "public" || image.visibility === "community";
  const visible = admin || open || image.owner === caller.projectId ||
    (image.visibility === "shared" && isMember);
  return visible ? statusOf(check) : 404;
}

function statusOf(check: () => void | Promise<void>): number {
  try {
    assert.equal(check(), undefined, "the defaults decide at once");
    return 200;
  } catch (error) {
    assert.ok(error instanceof GlanceError);
    return error.status;
  }
}

/** Columns: A O R M N, then X on private, shared with X and public or community, then S on private and on open. */
const IMAGE_ROWS: [rule: string, expected: string][] = [
  ["get_image", "200 200 200 404 404 404 200 200 404 404"],
  ["download_image", "200 200 403 200 404 404 200 200 404 404"],
  ["download_from_store", "200 200 403 200 404 404 200 200 404 404"],
  ["modify_image", "200 200 403 200 404 404 403 403 404 404"],
  ["upload_image", "200 200 403 200 404 404 403 403 404 404"],
  ["deactivate", "200 200 403 200 404 404 403 403 404 404"],
  ["reactivate", "200 200 403 200 404 404 403 403 404 404"],
  ["delete_image", "200 200 403 200 404 404 403 403 404 404"],
  ["publicize_image", "200 403 403 403 403 404 403 403 404 403"],
  ["communitize_image", "200 200 403 200 403 404 403 403 404 403"],
  ["copy_image", "200 403 403 404 404 404 403 403 404 404"],
  ["delete_image_location", "200 403 403 404 404 404 403 403 404 404"],
  ["fetch_image_location", "200 403 403 404 404 404 403 403 404 200"],
  ["get_image_location", "200 200 200 404 404 404 403 403 404 404"],
  ["set_image_location", "200 200 403 200 404 404 403 403 404 404"],
  // Before the service role and the http store are asked for.
  ["add_image_location", "200 200 403 200 404 404 403 403 404 200"],
];

for (const [rule, expected] of IMAGE_ROWS) {
  Deno.test(`${rule} on an image`, () => {
    const ask = (name: string, image: ImageRecord, isMember = false) =>
      status(CALLERS[name]!, image, isMember, () => authorizeImage(enforcer, rule, CALLERS[name]!, image));
    for (const own of [PRIVATE, SHARED, PUBLIC, COMMUNITY]) {
      for (const open of [PUBLIC, COMMUNITY]) {
        const row = [
          ...["A", "O", "R"].map((name) => ask(name, own)),
          // Without the role reader nobody sees the image: that does not depend on its visibility.
          ...["M", "N"].map((name) => ask(name, own)),
          ask("X", PRIVATE),
          ask("X", SHARED, true),
          ask("X", open),
          ask("S", PRIVATE),
          ask("S", open),
        ];
        assert.equal(row.join(" "), expected, `own image ${own.visibility}, open image ${open.visibility}`);
      }
    }
    assert.equal(ask("X", SHARED, false), 404);
  });
}

/** Columns: A O R M N, X not a member, X member, S. */
const MEMBER_ROWS: [rule: string, expected: string][] = [
  ["get_members", "200 200 200 404 404 404 200 404"],
  ["get_member", "200 200 200 404 404 404 200 404"],
  ["add_member", "200 200 403 404 404 404 403 404"],
  ["modify_member", "200 403 403 404 404 404 200 404"],
  ["delete_member", "200 200 403 404 404 404 403 404"],
];

for (const [rule, expected] of MEMBER_ROWS) {
  Deno.test(`${rule} on a shared image`, () => {
    const ask = (name: string, isMember = false) =>
      status(CALLERS[name]!, SHARED, isMember, () => authorizeMember(enforcer, rule, CALLERS[name]!, SHARED));
    const row = [...["A", "O", "R", "M", "N", "X"].map((name) => ask(name)), ask("X", true), ask("S")];
    assert.equal(row.join(" "), expected);
  });
}

type Call = (policy: PolicyEnforcer, caller: Caller) => void | Promise<void>;

/** Columns: A O R M N X S. */
const OTHER_ROWS: [name: string, call: Call, expected: string][] = [
  ["list", (p, c) => authorize(p, "get_images", c, listTarget(c)), "200 200 200 403 403 200 403"],
  ["create", (p, c) => authorizeCreate(p, c, {}), "200 200 403 200 403 200 403"],
  ["create shared", (p, c) => authorizeCreate(p, c, { visibility: "shared" }), "200 200 403 200 403 200 403"],
  [
    "create community",
    (p, c) => authorizeCreate(p, c, { visibility: "community" }),
    "200 200 403 200 403 200 403",
  ],
  ["create public", (p, c) => authorizeCreate(p, c, { visibility: "public" }), "200 403 403 403 403 403 403"],
  ["create for another", (p, c) => authorizeCreate(p, c, { owner: "third" }), "200 403 403 403 403 403 403"],
  [
    "store details",
    (p, c) => authorize(p, "stores_info_detail", c, NO_TARGET),
    "200 403 403 403 403 403 200",
  ],
  ["tasks", (p, c) => authorize(p, "tasks_api_access", c, NO_TARGET), "200 403 403 403 403 403 403"],
  ["cache", (p, c) => authorize(p, "cache_list", c, NO_TARGET), "200 403 403 403 403 403 403"],
];

for (const [name, call, expected] of OTHER_ROWS) {
  Deno.test(`${name}, without an image`, () => {
    const row = Object.values(CALLERS).map((caller) => statusOf(() => call(enforcer, caller)));
    assert.equal(row.join(" "), expected);
  });
}

Deno.test("a refusal names the rule, a foreign owner is named, a hidden image has the generic text", () => {
  assert.throws(() => authorizeImage(enforcer, "delete_image", CALLERS.R!, PRIVATE), {
    message: "You are not authorized to complete delete_image action.",
  });
  assert.throws(() => authorizeImage(enforcer, "delete_image", CALLERS.N!, PRIVATE), {
    code: "not_found",
    message: "The resource could not be found.",
  });
  assert.throws(() => authorizeCreate(enforcer, CALLERS.O!, { owner: "third" }), {
    message: "You are not permitted to create images owned by 'third'.",
    form: "detail",
  });
});
