import os from "node:os";
import { loadProgram } from "./load.ts";

/** What the figures were taken on: without it they mean little. */
export function describeMachine(): Record<string, string | number> {
  return {
    date: new Date().toISOString(),
    cpu: os.cpus()[0]?.model ?? "unknown",
    cores: os.cpus().length,
    memory_gib: Math.round(os.totalmem() / 1024 ** 3),
    kernel: os.release(),
    deno: Deno.version.deno,
    server: Deno.env.get("ONEGLANCE_BIN") ? "compiled" : "sources",
    load: loadProgram(),
  };
}
