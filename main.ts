/** The executable. */
import { basename } from "node:path";
import { run } from "./src/cli/run.ts";
import { WORKERS } from "./workers.ts";

/** The name we were called by: the kernel keeps it, also behind a symbolic link. */
function calledAs(): string {
  if (!Deno.build.standalone) return "oneglance";
  try {
    return basename(Deno.readTextFileSync("/proc/self/cmdline").split("\0", 1)[0]!);
  } catch {
    return basename(Deno.execPath());
  }
}

// As glance-api sets it, whatever starts us: images, staged data, logs and a new database are not for everybody.
Deno.umask(0o027);

const code = await run({
  args: Deno.args,
  name: calledAs(),
  workers: WORKERS,
  env: Deno.env.toObject(),
  out: (text) => console.log(text),
  err: (text) => console.error(text),
});
Deno.exit(code);
