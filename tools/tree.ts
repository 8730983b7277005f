/** The repository's own text files, by path relative to its root. */
export type Tree = ReadonlyMap<string, string>;

const SKIPPED = new Set([".git", "node_modules", "dist", "data", ".cache", "__pycache__"]);
const BINARY = /\.(png|ico|qcow2|vmdk|vhdx?|vdi|iso|img|bin|gz|db)$/;

/** Reads every text file below `root`; throws what Deno throws when one cannot be read. */
export async function readTree(root: string): Promise<Tree> {
  const tree = new Map<string, string>();
  const decoder = new TextDecoder("utf-8", { fatal: true });
  async function walk(folder: string): Promise<void> {
    for await (const entry of Deno.readDir(`${root}/${folder}`)) {
      // In a linked work tree `.git` is a file.
      if (SKIPPED.has(entry.name)) continue;
      const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory) {
        await walk(path);
      } else if (entry.isFile && !BINARY.test(path)) {
        try {
          tree.set(path, decoder.decode(await Deno.readFile(`${root}/${path}`)));
        } catch (error) {
          // Another program may remove its temporary file before we read it; and binary files are not text.
          if (!(error instanceof Deno.errors.NotFound || error instanceof TypeError)) throw error;
        }
      }
    }
  }
  await walk("");
  return new Map([...tree].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Returns the paths of the TypeScript files of a tree. */
export function sources(tree: Tree): string[] {
  return [...tree.keys()].filter((path) => path.endsWith(".ts"));
}
