/** Where certificates of signed images come from: a directory of this machine, then the key manager. */
import { join } from "node:path";
import type { Ctx } from "../deps.ts";
import { fetchCertificate } from "./barbican.ts";

/** The certificate, PEM or DER. Throws an Error that says why it cannot be had. */
export async function findCertificate(ctx: Ctx, id: string): Promise<Uint8Array> {
  const directory = ctx.deps.config.get("oneglance.signature_certificates_dir");
  if (directory !== null) {
    for (const ending of ["pem", "crt", "der"]) {
      const found = await readIfThere(join(directory, `${id}.${ending}`));
      if (found) return found;
    }
  }
  return await fetchCertificate(ctx, id);
}

async function readIfThere(path: string): Promise<Uint8Array | null> {
  try {
    return await Deno.readFile(path);
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) return null;
    throw new Error("its file cannot be read.", { cause });
  }
}
