import { refuse } from "./value_error.ts";

// `$$`, `${name}` or `$name`; a name may hold dots, and a `$` before anything else is only a `$`.
const REFERENCE = /\$(?:(\$)|\{([a-z_][a-z0-9_.]*)\}|([a-z_][a-z0-9_.]*))/gi;

/**
 * Replaces `$name`, `${name}` and `$group.name` by what `lookup` gives for the name (spec/configuration.md §1.1).
 * @throws ValueError when `lookup` does.
 */
export function interpolate(text: string, lookup: (name: string) => string): string {
  if (!text.includes("$")) return text;
  return text.replaceAll("\\$", "$$$$").replace(
    REFERENCE,
    (_all, dollar: string | undefined, braced: string | undefined, bare: string | undefined) =>
      dollar ?? lookup((braced ?? bare)!),
  );
}

/** A name that no option has. */
export function refuseReference(name: string, group: string): never {
  refuse(`no such option ${name} in group [${group}]; write $$ for a plain $`);
}
