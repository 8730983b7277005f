/** Runs the configured plugins in their order on a staged file. */
import type { Config } from "../../config/config.ts";
import { fail } from "../../errors.ts";
import { convertImage } from "./convert.ts";
import { decompressImage } from "./decompress.ts";
import { injectedProperties, injectMetadata } from "./inject.ts";
import type { Plugin, PluginJob, PluginResult } from "./plugin.ts";

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
