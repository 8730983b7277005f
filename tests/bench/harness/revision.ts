/** Another revision of oneglance, checked out and where wanted compiled, to be measured beside this one. */
import { runCommand } from "./command.ts";
import { type Program, sourcesProgram } from "./server.ts";

const ROOT = new URL("../../../", import.meta.url).pathname;

export interface Revision {
  /** Its short commit id, or the path of an executable. */
  name: string;
  program: Program;
}

/**
 * Runs `work` with the revision: the sources in a worktree of their own, which is removed afterwards, or the executable
 * that its `deno task compile` makes there with the Deno that runs us. An executable file is taken as it is.
 * Errors: BenchTrouble for an unknown revision, or one that cannot be compiled.
 */
export async function withRevision<T>(
  revision: string,
  { dir, executable }: { dir: string; executable: boolean },
  work: (revision: Revision) => Promise<T>,
): Promise<T> {
  const file = await Deno.stat(revision).catch(() => null);
  if (file?.isFile) return await work({ name: revision, program: [await Deno.realPath(revision)] });
  const { stdout } = await runCommand("git", "-C", ROOT, "rev-parse", "--short", `${revision}^{commit}`);
  const name = stdout.trim();
  const tree = `${dir}/tree`;
  await runCommand("git", "-C", ROOT, "worktree", "add", "--detach", tree, name);
  try {
    const program = executable ? await compiled(tree) : sourcesProgram(`${tree}/main.ts`);
    return await work({ name, program });
  } finally {
    await runCommand("git", "-C", ROOT, "worktree", "remove", "--force", tree);
  }
}

/** This revision: `ONEGLANCE_BIN`, its sources, or the executable that `deno task compile` makes of them. */
export async function thisProgram(executable: boolean): Promise<Program> {
  const binary = Deno.env.get("ONEGLANCE_BIN");
  if (binary) return [await Deno.realPath(binary)];
  return executable ? await compiled(ROOT) : sourcesProgram();
}

async function compiled(tree: string): Promise<Program> {
  const config = `${tree}/deno.json`;
  await runCommand(Deno.execPath(), "task", "--config", config, "compile");
  return [await Deno.realPath(`${tree}/dist/oneglance`)];
}
