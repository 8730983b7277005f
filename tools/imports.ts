/** One import or re-export of a module. */
interface ImportLine {
  /** As written, for example `../errors.ts` or `hono`. */
  specifier: string;
  /** Line number, from 1. */
  line: number;
}

// `deno fmt` puts every import and re-export at the start of a line, and the end of a long one on its own line.
const FROM = /^(?:import|export)\b[^"'`;]*?\bfrom\s+"([^"]+)"|^import\s+"([^"]+)"/gm;

/** Returns the static imports and re-exports of a formatted source text. */
export function imports(text: string): ImportLine[] {
  return [...text.matchAll(FROM)].map((match) => ({
    specifier: match[1] ?? match[2] ?? "",
    line: text.slice(0, match.index).split("\n").length,
  }));
}

/** Returns the path of a relative specifier, from the repository's root; null for a package. */
export function resolveImport(from: string, specifier: string): string | null {
  if (!specifier.startsWith(".")) return null;
  const base = new URL(`file:///${from}`);
  return new URL(specifier, base).pathname.slice(1);
}

/** Returns the package of a specifier: `@hono/zod-openapi`, `drizzle-orm`, `node:fs`. */
export function packageOf(specifier: string): string {
  const bare = specifier.replace(/^(npm|jsr):/, "");
  const parts = bare.split("/");
  const name = bare.startsWith("@") ? parts.slice(0, 2).join("/") : parts[0] ?? bare;
  return name.replace(/(?<=.)@[^/]*$/, "");
}
