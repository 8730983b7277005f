/** Runs the configured plugins in their order on a staged file. */
import type { Config } from "../../config/config.ts";
import { fail, isError } from "../../errors.ts";
import { checkPropertyName, checkPropertyValue, isBase, isReserved } from "../../images/attributes.ts";
import { convertImage } from "./convert.ts";
import { decompressImage } from "./decompress.ts";
import type { Plugin, PluginJob, PluginResult } from "./plugin.ts";

/** Sets the operator's properties, unless the importing user has one of the roles to be left alone. */
// deno-lint-ignore require-await -- a plugin like the others
const injectMetadata: Plugin = async ({ ctx, path }) => {
  const { config } = ctx.deps;
  const ignored = config.get("inject_metadata_properties.ignore_user_roles").map((role) =>
    role.toLowerCase()
  );
  if (ctx.caller.roles.some((role) => ignored.includes(role))) return { path };
  return { path, setProperties: injectedProperties(config) };
};

/** The operator's properties without `os_glance…`. Errors: config, naming one that no image can have. */
function injectedProperties(config: Pick<Config, "get">): Record<string, string> {
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

const PLUGINS: Readonly<Record<string, Plugin>> = {
  no_op: ({ path }) => Promise.resolve({ path }),
  inject_image_metadata: injectMetadata,
  image_decompression: decompressImage,
  image_conversion: convertImage,
};

/** The configured names, each known and with options that it can work with. Errors: config. */
export function pluginNames(config: Pick<Config, "get">): readonly string[] {
  const names = config.get("image_import_opts.image_import_plugins");
  const unknown = names.find((name) => !Object.hasOwn(PLUGINS, name));
  if (unknown !== undefined) {
    fail(
      "config",
      `[image_import_opts] image_import_plugins names '${unknown}'; known are ${
        Object.keys(PLUGINS).join(", ")
      }.`,
    );
  }
  if (names.includes("inject_image_metadata")) injectedProperties(config);
  return names;
}

/** What all of them made of the file and the image. Errors: those of the plugins. */
export async function runPlugins(job: PluginJob): Promise<Required<PluginResult>> {
  let { image, path } = job;
  let columns: Required<PluginResult>["columns"] = {};
  let setProperties: Record<string, string> = {};
  for (const name of pluginNames(job.ctx.deps.config)) {
    job.signal.throwIfAborted();
    const result = await PLUGINS[name]!({ ...job, image, path });
    path = result.path;
    columns = { ...columns, ...result.columns };
    setProperties = { ...setProperties, ...result.setProperties };
    image = { ...image, ...result.columns, properties: { ...image.properties, ...result.setProperties } };
  }
  return { path, columns, setProperties };
}
