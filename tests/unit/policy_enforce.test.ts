/** Overrides, scope, cycles, legacy mode and the traps of docs/reference/policy.md §10 that are made of rules. */
import assert from "node:assert/strict";
import type { Caller } from "../../src/caller.ts";
import { isError } from "../../src/errors.ts";
import {
  authorize,
  authorizeCreate,
  authorizedImages,
  authorizeImage,
  authorizeMember,
  authorizeMetadef,
} from "../../src/policy/authorize.ts";
import { DEFAULT_RULES } from "../../src/policy/defaults.ts";
import { isAdmin } from "../../src/policy/enforcer.ts";
import { checkLegacyMembers } from "../../src/policy/owner.ts";
import {
  imageTarget,
  listTarget,
  namespaceTarget,
  newImageTarget,
  NO_TARGET,
} from "../../src/policy/targets.ts";
import { callerOf, imageOf, withPolicy } from "../support/policy.ts";

const owner = callerOf("own", ["member", "reader"]);
const other = callerOf("other", ["member", "reader"]);
const admin = callerOf("ops", ["admin"]);
const image = imageOf();

function code(call: () => unknown): string {
  try {
    call();
    return "ok";
  } catch (error) {
    assert.ok(isError(error));
    return error.code;
  }
}

Deno.test("roles match in any case, is_admin is no attribute, isAdmin follows context_is_admin", async () => {
  await withPolicy({ a: "role:ADMIN", b: "is_admin:True", context_is_admin: "role:boss" }, (policy) => {
    assert.equal(policy.allows("a", admin, {}), true);
    assert.equal(policy.allows("b", { ...admin, isAdmin: true }, {}), false);
    assert.equal(isAdmin(policy, admin), false);
    assert.equal(isAdmin(policy, callerOf("p", ["boss"])), true);
    assert.equal(
      policy.allows("delete_image", callerOf("p", ["boss"]), imageTarget(image, owner)),
      true,
    );
  });
  await withPolicy({ context_is_admin: "project_id:%(project_id)s and user_id:user" }, (policy) => {
    assert.equal(isAdmin(policy, owner), true, "the caller is the target too");
  });
});

Deno.test("an undefined name allows until the default rule is closed", async () => {
  await withPolicy({ x: "rule:missing" }, (policy) => {
    assert.equal(policy.allows("x", other, {}), true);
    assert.equal(policy.allows("missing", other, {}), true);
  });
  await withPolicy({ x: "rule:missing", default: "!" }, (policy) => {
    assert.equal(policy.allows("x", admin, {}), false);
    assert.equal(policy.allows("missing", admin, {}), false);
  });
  const values = { "oslo_policy.policy_default_rule": "nothing" };
  await withPolicy({ x: "rule:missing", y: "not rule:missing" }, (policy) => {
    assert.equal(policy.allows("x", admin, {}), false);
    assert.equal(policy.allows("y", admin, {}), false);
    assert.equal(policy.allows("missing", admin, {}), false);
  }, { values });
});

Deno.test("a cycle denies whoever asks, on both sides of a not; the rest stands", async () => {
  const warnings: string[] = [];
  const log = { debug() {}, info() {}, warn: (text: string) => warnings.push(text), error() {} };
  const rules = {
    a: "role:admin or rule:b",
    b: "not rule:a",
    c: "not rule:b",
    d: "rule:a or role:admin",
    self: "rule:self",
  };
  await withPolicy(rules, (policy) => {
    const answers = Object.keys(rules).map((rule) => policy.allows(rule, admin, {}));
    assert.deepEqual(answers, [false, false, false, true, false]);
  }, { log });
  assert.deepEqual(warnings.filter((text) => text.includes("refers to itself")).length, 3);
});

Deno.test("scope comes before the expression, for administrators too; base rules have none", async () => {
  await withPolicy({ get_image: "@", mine: "@" }, (policy) => {
    for (const scope of [{ systemScope: "all" }, { domainId: "d" }]) {
      const caller = callerOf(null, ["admin"], scope);
      assert.equal(policy.allows("get_image", caller, {}), false);
      assert.equal(policy.allows("mine", caller, {}), true, "the operator's own rules have no scope");
      assert.equal(policy.passes("get_image", caller, {}), true);
      assert.equal(isAdmin(policy, caller), true);
      assert.equal(code(() => authorize(policy, "get_images", caller, listTarget(caller))), "forbidden");
      assert.equal(code(() => authorizeImage(policy, "get_image", caller, image)), "not_found");
      assert.equal(code(() => authorize(policy, "tasks_api_access", caller, NO_TARGET)), "forbidden");
      assert.equal(
        code(() => authorizeMetadef(policy, "get_metadef_namespaces", caller, listTarget(caller))),
        "not_found",
      );
    }
  });
});

Deno.test("only base rules are without scope", () => {
  const free = DEFAULT_RULES.filter((rule) => rule.scope === null).map((rule) => rule.name);
  assert.deepEqual(free, ["default", "context_is_admin", "service_api", "metadef_default", "metadef_admin"]);
  assert.equal(new Set(DEFAULT_RULES.map((rule) => rule.name)).size, DEFAULT_RULES.length);
  assert.equal(DEFAULT_RULES.length, 67);
});

Deno.test("403 or 404: the triple of every rule on an image", async () => {
  const rules = [
    "delete_image",
    "upload_image",
    "download_image",
    "modify_image",
    "deactivate",
    "reactivate",
  ];
  for (const rule of rules) {
    await withPolicy({ [rule]: "!" }, (policy) => {
      assert.equal(code(() => authorizeImage(policy, rule, owner, image)), "forbidden");
    });
    await withPolicy({ [rule]: "!", get_image: "!" }, (policy) => {
      assert.equal(code(() => authorizeImage(policy, rule, owner, image)), "not_found");
    });
    await withPolicy({ [rule]: "@", get_image: "!" }, (policy) => {
      assert.equal(code(() => authorizeImage(policy, rule, owner, image)), "ok");
    });
  }
});

Deno.test("the list and its images have rules of their own", async () => {
  await withPolicy({ get_images: "!", get_image: "@" }, (policy) => {
    assert.equal(code(() => authorize(policy, "get_images", owner, listTarget(owner))), "forbidden");
    assert.equal(code(() => authorizeImage(policy, "get_image", owner, image)), "ok");
  });
  await withPolicy({ get_images: "@", get_image: "!" }, (policy) => {
    assert.equal(code(() => authorize(policy, "get_images", owner, listTarget(owner))), "ok");
    assert.deepEqual(authorizedImages(policy, "get_image", owner, [image]), []);
    assert.equal(code(() => authorizeImage(policy, "get_image", owner, image)), "not_found");
  });
});

Deno.test("a list keeps the images that pass, in their order", async () => {
  const images = [
    imageOf({ id: "1", owner: "other" }),
    imageOf({ id: "2" }),
    imageOf({ id: "3", visibility: "public", owner: "other" }),
    imageOf({ id: "4", visibility: "private", owner: null }),
  ];
  await withPolicy({}, (policy) => {
    const kept = authorizedImages(policy, "get_image", owner, images);
    assert.deepEqual((kept as typeof images).map((image) => image.id), ["2", "3"]);
  });
});

Deno.test("members: get_image first, then a plain 403", async () => {
  const shared = imageOf({ visibility: "shared" });
  await withPolicy({ get_member: "!" }, (policy) => {
    assert.equal(code(() => authorizeMember(policy, "get_member", owner, shared)), "forbidden");
  });
  await withPolicy({ get_image: "!", add_member: "@" }, (policy) => {
    assert.equal(code(() => authorizeMember(policy, "add_member", owner, shared)), "not_found");
  });
});

Deno.test("metadefs: get_metadef_namespace is the gate", async () => {
  await withPolicy({}, (policy) => {
    const mine = namespaceTarget({ owner: "own", visibility: "private" });
    const ask = (rule: string, caller = owner) => code(() => authorizeMetadef(policy, rule, caller, mine));
    assert.equal(ask("get_metadef_namespace"), "ok");
    assert.equal(ask("modify_metadef_namespace"), "forbidden");
    assert.equal(ask("get_metadef_namespace", other), "not_found");
    assert.equal(ask("delete_metadef_tags", other), "not_found");
    assert.equal(ask("delete_metadef_tags", admin), "ok");
    assert.equal(ask("get_metadef_objects", callerOf("own", ["member"])), "not_found");
    const open = namespaceTarget({ owner: "own", visibility: "public" });
    assert.equal(code(() => authorizeMetadef(policy, "get_metadef_tag", other, open)), "ok");
    assert.equal(code(() => authorizeMetadef(policy, "add_metadef_tag", other, open)), "forbidden");
  });
});

Deno.test("targets have the keys of the spec and no locations", () => {
  const target = imageTarget(imageOf({ visibility: "shared" }), other);
  assert.equal(target.member_id, "other");
  assert.equal(target.project_id, "own");
  assert.equal(target.image_id, target.id);
  assert.equal("locations" in target, false);
  assert.equal(imageTarget(imageOf({ visibility: "shared" }), owner).member, null);
  assert.equal(imageTarget(imageOf({ visibility: "public" }), other).member, null);
  assert.deepEqual(newImageTarget({}, owner), { project_id: "own", owner: "own", visibility: "private" });
  assert.deepEqual(newImageTarget({ owner: null, visibility: "public" }, owner), {
    project_id: null,
    owner: null,
    visibility: "public",
  });
});

Deno.test("legacy mode ORs deprecated defaults into rules without override, and checks owners itself", async () => {
  const values = { "oslo_policy.enforce_new_defaults": "false" };
  const noRole = callerOf("other", []);
  await withPolicy({ upload_image: "rule:context_is_admin" }, (policy) => {
    assert.equal(policy.legacyOwnerChecks, true);
    const target = imageTarget(image, noRole);
    assert.equal(policy.allows("delete_image", noRole, target), true);
    assert.equal(policy.allows("upload_image", noRole, target), false, "an override stands alone");
    assert.equal(policy.allows("publicize_image", noRole, target), false, "has no deprecated default");
    assert.equal(policy.allows("get_metadef_namespace", noRole, {}), true);
    assert.equal(policy.allows("cache_list", noRole, {}), false);
    const shared = imageOf({ visibility: "shared" });
    const ask = (rule: string, caller: Caller) => code(() => authorizeImage(policy, rule, caller, image));
    const askMember = (rule: "add_member" | "delete_member" | "modify_member", caller: Caller) =>
      code(() => checkLegacyMembers(policy, rule, caller, shared));
    for (
      const rule of ["modify_image", "delete_image", "deactivate", "reactivate", "delete_image_location"]
    ) {
      assert.equal(ask(rule, noRole), "forbidden", rule);
      assert.equal(ask(rule, owner), "ok", rule);
      assert.equal(ask(rule, { ...noRole, isAdmin: true }), "ok", rule);
    }
    assert.throws(() => authorizeImage(policy, "delete_image", noRole, image), {
      message: "You do not own this image",
    });
    const orphan = imageOf({ owner: null });
    assert.equal(code(() => authorizeImage(policy, "delete_image", callerOf(null, []), orphan)), "forbidden");
    assert.equal(ask("get_image", noRole), "ok");
    for (const rule of ["add_member", "delete_member"] as const) {
      assert.equal(askMember(rule, noRole), "forbidden");
      assert.equal(askMember(rule, owner), "ok");
    }
    assert.equal(askMember("modify_member", owner), "forbidden");
    assert.equal(askMember("modify_member", noRole), "ok");
    assert.equal(code(() => authorizeCreate(policy, noRole, { owner: "third" })), "forbidden");
    assert.equal(code(() => authorizeCreate(policy, noRole, {})), "ok");
  }, { values });
  await withPolicy({ manage_image_cache: "role:cache" }, (policy) => {
    assert.equal(policy.allows("cache_list", callerOf("p", ["cache"]), {}), true);
    assert.equal(policy.allows("cache_clean", callerOf("p", ["cache"]), {}), false);
  }, { values });
  await withPolicy({}, (policy) => {
    assert.equal(policy.legacyOwnerChecks, false);
  });
  await withPolicy({ delete_image: "@" }, (policy) => {
    assert.equal(
      code(() => authorizeImage(policy, "delete_image", other, image)),
      "ok",
      "rules alone decide",
    );
  });
});

Deno.test("a debug line names the rule that decided, and only when debugging", async () => {
  const lines: string[] = [];
  const log = { debug: (text: string) => lines.push(text), info() {}, warn() {}, error() {} };
  await withPolicy({ get_images: "!" }, (policy) => void policy.allows("get_images", owner, {}), { log });
  assert.deepEqual(lines, []);
  await withPolicy({ get_images: "!" }, (policy) => {
    policy.allows("get_images", owner, {});
    policy.allows("delete_image", callerOf(null, ["admin"], { domainId: "d" }), {});
  }, { log: { ...log, isDebug: true } });
  assert.match(lines[0]!, /^policy get_images: denied by rule "get_images" \(.*policy\.yaml:1\)$/);
  assert.match(lines[1]!, /denied by rule "delete_image" \(default\), which denies domain tokens/);
});
