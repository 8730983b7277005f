import config from "./deno.json" with { type: "json" };

/** The release, as `--version` prints it. */
export const VERSION: string = config.version;

/** What this program was built from: `git describe` of the compiled binary, `source` when run from the sources. */
export const BUILD: string = (globalThis as { ONEGLANCE_BUILD?: string }).ONEGLANCE_BUILD ?? "source";
