/** Finds certificates of signed images: in a directory of this machine, then at the key manager (docs/reference/configuration.md §15). */
import { join } from "node:path";
import * as v from "valibot";
import { findEndpoint } from "../auth/service_session.ts";
import type { Ctx } from "../deps.ts";
import { isError } from "../errors.ts";

/** Largest certificate, in bytes. */
const MAX_BYTES = 65536;

/** Returns the certificate, PEM or DER. Throws an Error with the reason when it is not available. */
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

/** Returns the payload of a Barbican secret, read with the caller's token. Throws an Error with the reason when it is not available. */
async function fetchCertificate(ctx: Ctx, id: string): Promise<Uint8Array> {
  const { config, outbound } = ctx.deps;
  if (!config.get("key_manager.backend").toLowerCase().includes("barbican")) {
    throw new Error(
      "[key_manager] backend is not barbican, the only key manager that oneglance supports.",
    );
  }
  const { token } = ctx.caller;
  if (token === null) throw new Error("the key manager requires a token, and the request has none.");
  const url = new URL(`${endpointOf(ctx)}/secrets/${id}/payload`);
  // Exactly one type: Barbican answers 406 to lists. It returns secrets of every type as these bytes.
  const headers = { "x-auth-token": token, accept: "application/octet-stream" };
  let response: Response;
  try {
    response = await outbound(url, { headers, use: "barbican" });
  } catch (error) {
    throw new Error(isError(error) ? error.message : "the key manager cannot be reached.", { cause: error });
  }
  if (response.status !== 200) {
    await response.body?.cancel();
    throw new Error(`the key manager answers ${response.status}.`);
  }
  return await readSmall(response);
}

async function readSmall(response: Response): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of response.body ?? []) {
      size += chunk.length;
      if (size > MAX_BYTES) throw new Error("too large");
      chunks.push(chunk);
    }
  } catch (cause) {
    throw new Error("the key manager's answer broke off or is too large.", { cause });
  }
  return new Uint8Array(await new Blob(chunks as BlobPart[]).arrayBuffer());
}

const Catalog = v.array(v.object({
  type: v.string(),
  endpoints: v.nullish(v.array(v.object({
    interface: v.string(),
    region: v.nullish(v.string()),
    region_id: v.nullish(v.string()),
    url: v.string(),
  }))),
}));

/** Returns the configured endpoint, or the one in the token's catalog, with the version of the API. */
function endpointOf({ deps: { config }, caller }: Ctx): string {
  let base = config.get("barbican.barbican_endpoint");
  if (base === null) {
    const catalog = v.safeParse(Catalog, caller.catalog ?? []);
    base = findEndpoint(
      (catalog.success ? catalog.output : []) as Parameters<typeof findEndpoint>[0],
      "key-manager",
      config.get("barbican.barbican_endpoint_type"),
      config.get("barbican.barbican_region_name"),
    );
  }
  if (base === null) {
    throw new Error("the catalog has no key-manager, and [barbican] barbican_endpoint is not set.");
  }
  const version = config.get("barbican.barbican_api_version") ?? "v1";
  const bare = base.replace(/\/+$/, "");
  return /\/v\d[\d.]*$/.test(bare) ? bare : `${bare}/${version}`;
}
