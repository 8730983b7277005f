/** The version of the program, from deno.json. */
import project from "../../deno.json" with { type: "json" };

export const VERSION: string = project.version;

/** Set by tools/compile.ts: the `git describe` of an executable. */
const { ONEGLANCE_BUILD: build } = globalThis as { ONEGLANCE_BUILD?: string };

/** Version and build in semver's format; the version alone without a build. */
export const BUILD_VERSION: string = build === undefined || build === VERSION
  ? VERSION
  : `${VERSION}+${build}`;
