import { fail } from "../errors.ts";

/** Reads a PEM file of the configuration; null if no path is set. Errors: config. */
export function readPem(path: string | null | undefined): string | null {
  if (!path) return null;
  try {
    return Deno.readTextFileSync(path);
  } catch (cause) {
    return fail("config", `The certificate file ${path} cannot be read.`, { cause });
  }
}
