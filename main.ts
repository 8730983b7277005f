/** The executable. */
import { basename } from "node:path";
import { run } from "./src/cli/run.ts";
import { WORKERS } from "./workers.ts";

/** The name of the call; the kernel keeps it, also for a symbolic link. */
function calledAs(): string {
  if (!Deno.build.standalone) return "oneglance";
  try {
    return basename(Deno.readTextFileSync("/proc/self/cmdline").split("\0", 1)[0]!);
  } catch {
    return basename(Deno.execPath());
  }
}

// As in glance-api: other users must not read images, staged data, logs and a new database.
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
