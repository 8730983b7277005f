/** The program's version, from the one place that has it. */
import project from "../../deno.json" with { type: "json" };

export const VERSION: string = project.version;

/** Set by tools/compile.ts: what an executable was built from, as `git describe` says. */
const { ONEGLANCE_BUILD: build } = globalThis as { ONEGLANCE_BUILD?: string };

/** Version and build, as semver writes them; the version alone when nothing was built. */
export const BUILD_VERSION: string = build === undefined || build === VERSION
  ? VERSION
  : `${VERSION}+${build}`;
