/**
 * `deno task test [PATH …] [options of deno test]`: runs the tests and prints the progress: one line at the first result
 * of each file, with its number, the number of files and the seconds since the start. Prints failures and skips at once,
 * the rest of deno's own report as it comes, and the sum at the end. The exit code is that of `deno test`.
 */
import { TestProgress } from "./test_progress.ts";

const FOLDERS = ["tests/unit", "tests/api", "tests/stores", "tests/faults", "tests/wire", "tests/fuzz"];
const root = new URL("..", import.meta.url).pathname;

/** Yields the test files below a path, or the path itself when it is a file. */
function* filesBelow(path: string): Generator<string> {
  if (!Deno.statSync(path).isDirectory) return yield path;
  for (const entry of [...Deno.readDirSync(path)].sort((a, b) => a.name < b.name ? -1 : 1)) {
    if (entry.isDirectory) yield* filesBelow(`${path}/${entry.name}`);
    else if (entry.name.endsWith(".test.ts")) yield `${path}/${entry.name}`;
  }
}

/** Whether an argument is a path; else it is an option or its value. */
function isPath(argument: string): boolean {
  try {
    return !argument.startsWith("-") && Deno.statSync(argument) !== null;
  } catch {
    return false;
  }
}

Deno.chdir(root);
const options = Deno.args.filter((argument) => !isPath(argument));
const named = Deno.args.filter(isPath);
const paths = named.length > 0 ? named : FOLDERS;
const files = paths.flatMap((path) => [...filesBelow(path)]);

const child = new Deno.Command(Deno.execPath(), {
  args: ["test", "-A", "--parallel", "--no-check", "--quiet", ...options, ...files],
  stdin: "null",
  stdout: "piped",
  stderr: "inherit",
}).spawn();
const progress = new TestProgress(files.length, (line) => console.log(line));
let held = "";
for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
  const lines = (held + text).split("\n");
  held = lines.pop()!;
  for (const line of lines) progress.take(line);
}
if (held !== "") progress.take(held);
const { code } = await child.status;
progress.end();
Deno.exit(code);
