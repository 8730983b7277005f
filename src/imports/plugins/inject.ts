/** Plugin inject_image_metadata (spec/background-jobs.md §4.2). */
import type { Plugin } from "./plugin.ts";

/** Sets the operator's properties, unless the importing user has one of the roles to be left alone. */
// deno-lint-ignore require-await -- a plugin like the others
export const injectMetadata: Plugin = async ({ ctx, path }) => {
  const { config } = ctx.deps;
  const ignored = config.get("inject_metadata_properties.ignore_user_roles").map((role) =>
    role.toLowerCase()
  );
  if (ctx.caller.roles.some((role) => ignored.includes(role))) return { path };
  const inject = [...config.get("inject_metadata_properties.inject") ?? []];
  return {
    path,
    setProperties: Object.fromEntries(inject.filter(([name]) => !name.startsWith("os_glance"))),
  };
};
