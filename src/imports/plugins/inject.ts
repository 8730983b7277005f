/** Plugin inject_image_metadata (docs/reference/background-jobs.md §4.2). */
import type { Config } from "../../config/config.ts";
import { fail, isError } from "../../errors.ts";
import { checkPropertyName, checkPropertyValue, isBase, isReserved } from "../../images/attributes.ts";
import type { Plugin } from "./plugin.ts";

/** Sets the operator's properties, unless the importing user has one of the roles to be left alone. */
// deno-lint-ignore require-await -- a plugin like the others
export const injectMetadata: Plugin = async ({ ctx, path }) => {
  const { config } = ctx.deps;
  const ignored = config.get("inject_metadata_properties.ignore_user_roles").map((role) =>
    role.toLowerCase()
  );
  if (ctx.caller.roles.some((role) => ignored.includes(role))) return { path };
  return { path, setProperties: injectedProperties(config) };
};

/** The operator's properties without `os_glance…`. Errors: config, naming one that no image can have. */
export function injectedProperties(config: Pick<Config, "get">): Record<string, string> {
  const inject = [...config.get("inject_metadata_properties.inject") ?? []];
  const properties = inject.filter(([name]) => !name.startsWith("os_glance"));
  for (const [name, value] of properties) checkInjected(name, value);
  return Object.fromEntries(properties);
}

function checkInjected(name: string, value: string): void {
  const refuse = (why: string) => fail("config", `[inject_metadata_properties] inject: '${name}' ${why}`);
  if (isBase(name) || isReserved(name)) {
    // Glance keeps such a property beside the attribute, where no client can see or remove it.
    refuse("is an attribute of every image and cannot be injected: only additional properties can.");
  }
  try {
    checkPropertyName(name);
    checkPropertyValue(name, value);
  } catch (error) {
    if (!isError(error, "bad_request")) throw error;
    refuse(`cannot be a property: ${error.message}`);
  }
}
