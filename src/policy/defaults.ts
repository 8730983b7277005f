/** The default rules (docs/reference/policy.md §5). */
import { METADEF_RULES } from "./defaults_metadef.ts";

/** The default of a rule before it changed. */
export interface DeprecatedDefault {
  expression: string;
  /** The OpenStack release that changed it. */
  since: string;
}

export interface DefaultRule {
  name: string;
  expression: string;
  /** A rule with scope denies all but project tokens; the base rules have no scope (§3.6). */
  scope: "project" | null;
  /** Allowed too with `enforce_new_defaults = false`. */
  deprecated?: DeprecatedDefault;
  /** The calls that it controls, for the docs. */
  operations: string;
}

const ADMIN = "rule:context_is_admin";
const SERVICE = "rule:service_api";
const MEMBER = "role:member and project_id:%(project_id)s";
const READER = "role:reader and project_id:%(project_id)s";
const VISIBLE = "(project_id:%(project_id)s or project_id:%(member_id)s or 'community':%(visibility)s " +
  "or 'public':%(visibility)s or 'shared':%(visibility)s)";
const SHARED_READ = "role:reader and (project_id:%(project_id)s or project_id:%(member_id)s)";

const ADMIN_OR_MEMBER = `${ADMIN} or (${MEMBER})`;
const ADMIN_OR_READER = `${ADMIN} or (${READER})`;

const OPEN_BEFORE_WALLABY: DeprecatedDefault = { expression: "rule:default", since: "Wallaby" };
const CACHE_BEFORE_XENA: DeprecatedDefault = { expression: "rule:manage_image_cache", since: "Xena" };
const TASK_BEFORE_XENA: DeprecatedDefault = { expression: "rule:default", since: "Xena" };

function base(
  name: string,
  expression: string,
  operations: string,
  deprecated?: DeprecatedDefault,
): DefaultRule {
  return { name, expression, scope: null, operations, deprecated };
}

function rule(
  name: string,
  expression: string,
  operations: string,
  deprecated?: DeprecatedDefault,
): DefaultRule {
  return { name, expression, scope: "project", operations, deprecated };
}

const BASE_RULES = [
  base("default", "", "any name that has no rule", { expression: ADMIN, since: "Ussuri" }),
  base("context_is_admin", "role:admin", "decides whether a caller is an administrator, everywhere"),
  base("service_api", "role:service or role:admin", "building block"),
];

const IMAGE_RULES = [
  rule(
    "add_image",
    `${ADMIN} or (${MEMBER} and project_id:%(owner)s)`,
    "POST /v2/images",
    OPEN_BEFORE_WALLABY,
  ),
  rule("delete_image", ADMIN_OR_MEMBER, "DELETE /v2/images/{id}", OPEN_BEFORE_WALLABY),
  rule(
    "get_image",
    `${ADMIN} or (role:reader and ${VISIBLE})`,
    "GET /v2/images/{id}, GET …/tasks, each image of a list, gate of the member calls",
    OPEN_BEFORE_WALLABY,
  ),
  rule("get_images", ADMIN_OR_READER, "GET /v2/images", OPEN_BEFORE_WALLABY),
  rule(
    "modify_image",
    ADMIN_OR_MEMBER,
    "PATCH /v2/images/{id}, PUT …/stage, POST …/import (but copy-image), PUT and DELETE …/tags/{tag}",
    OPEN_BEFORE_WALLABY,
  ),
  rule("publicize_image", ADMIN, "create with, or PATCH to, visibility public"),
  rule(
    "communitize_image",
    ADMIN_OR_MEMBER,
    "create with, or PATCH to, visibility community",
    OPEN_BEFORE_WALLABY,
  ),
  rule(
    "download_image",
    `${ADMIN} or (role:member and ${VISIBLE})`,
    "GET /v2/images/{id}/file, from the cache too",
    OPEN_BEFORE_WALLABY,
  ),
  rule(
    "download_from_store",
    `${ADMIN} or (role:member and ${VISIBLE})`,
    "GET /v2/images/{id}/file?prefer=…, in addition",
  ),
  rule("upload_image", ADMIN_OR_MEMBER, "PUT /v2/images/{id}/file", OPEN_BEFORE_WALLABY),
];

const LOCATION_RULES = [
  rule(
    "delete_image_location",
    ADMIN,
    "PATCH remove /locations/n, DELETE /v2/stores/{store}/{id}",
    OPEN_BEFORE_WALLABY,
  ),
  rule("get_image_location", ADMIN_OR_READER, "DELETE /v2/stores/{store}/{id}", OPEN_BEFORE_WALLABY),
  rule("set_image_location", ADMIN_OR_MEMBER, "PATCH add and replace /locations", OPEN_BEFORE_WALLABY),
  rule(
    "add_image_location",
    `${SERVICE} or (${MEMBER} and project_id:%(owner)s)`,
    "POST /v2/images/{id}/locations",
  ),
  rule("fetch_image_location", SERVICE, "GET /v2/images/{id}/locations"),
];

const MEMBER_RULES = [
  rule("add_member", ADMIN_OR_MEMBER, "POST /v2/images/{id}/members", OPEN_BEFORE_WALLABY),
  rule("delete_member", ADMIN_OR_MEMBER, "DELETE /v2/images/{id}/members/{member}", OPEN_BEFORE_WALLABY),
  rule(
    "get_member",
    `${ADMIN} or (${SHARED_READ})`,
    "GET …/members/{member}, the look-up of PUT and DELETE, each member of a list",
    OPEN_BEFORE_WALLABY,
  ),
  rule("get_members", `${ADMIN} or (${SHARED_READ})`, "GET /v2/images/{id}/members", OPEN_BEFORE_WALLABY),
  rule(
    "modify_member",
    `${ADMIN} or (role:member and project_id:%(member_id)s)`,
    "PUT /v2/images/{id}/members/{member}",
    OPEN_BEFORE_WALLABY,
  ),
];

const OTHER_RULES = [
  rule("manage_image_cache", ADMIN, "/v2/cached_images, /v2/queued_images"),
  rule("deactivate", ADMIN_OR_MEMBER, "POST /v2/images/{id}/actions/deactivate", OPEN_BEFORE_WALLABY),
  rule("reactivate", ADMIN_OR_MEMBER, "POST /v2/images/{id}/actions/reactivate", OPEN_BEFORE_WALLABY),
  rule("copy_image", ADMIN, "POST /v2/images/{id}/import with copy-image"),
  rule("list_cached_nodes", ADMIN, "GET /v2/cache/nodes/{id}"),
  rule("cache_image", ADMIN, "PUT /v2/cache/{id}", CACHE_BEFORE_XENA),
  rule("cache_list", ADMIN, "GET /v2/cache", CACHE_BEFORE_XENA),
  rule("cache_delete", ADMIN, "DELETE /v2/cache, DELETE /v2/cache/{id}", CACHE_BEFORE_XENA),
  rule("cache_clean", ADMIN, "POST /v2/cache/clean"),
  rule("cache_prune", ADMIN, "POST /v2/cache/prune"),
  rule("stores_info_detail", `${ADMIN} or ${SERVICE}`, "GET /v2/info/stores/detail", {
    expression: ADMIN,
    since: "2025.1",
  }),
  rule("tasks_api_access", ADMIN, "all /v2/tasks"),
  rule("get_task", "rule:default", "none", TASK_BEFORE_XENA),
  rule("get_tasks", "rule:default", "none", TASK_BEFORE_XENA),
  rule("add_task", "rule:default", "none", TASK_BEFORE_XENA),
  rule("modify_task", "rule:default", "none; to be removed"),
];

/** Every rule of the service, in the order of the docs. */
export const DEFAULT_RULES: readonly DefaultRule[] = [
  ...BASE_RULES,
  ...IMAGE_RULES,
  ...LOCATION_RULES,
  ...MEMBER_RULES,
  ...OTHER_RULES,
  ...METADEF_RULES,
];
