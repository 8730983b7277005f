/** glance-download: an image of another region's image service (docs/reference/images-api.md §2.8.6). */
import type { ImageColumns } from "../../db/records.ts";
import type { Caller } from "../caller.ts";
import type { Ctx, Deps } from "../deps.ts";
import { fail, isError } from "../errors.ts";
import { checkPropertyName, isBase, isReserved } from "../images/attributes.ts";
import type { TaskRun } from "../tasks/runner.ts";
import { fetchSource, type Source } from "./fetch_source.ts";
import type { ImportJob } from "./job.ts";

/** Bytes of metadata that are read of another service at most. */
const MAX_METADATA = 4 << 20;
/** ms for the metadata. */
const PATIENCE = 60_000;

export interface Remote {
  /** Of the image, without `/file`. */
  url: string;
  size: number;
}

interface RemoteAttributes {
  remote: Remote;
  columns: Partial<Pick<ImageColumns, "disk_format" | "container_format">>;
  setProperties: Record<string, string>;
}

interface Endpoint {
  region?: string;
  region_id?: string;
  interface?: string;
  url?: string;
}

/**
 * Asks the other service what it has. Errors: bad_request for a URL that the filter refuses, not_found, conflict (also for attributes that no image may have here),
 * bad_gateway, unavailable.
 */
export async function readRemote({ ctx, signal }: TaskRun, { method }: ImportJob): Promise<RemoteAttributes> {
  const base = endpointOf(
    ctx.caller,
    method.glance_region ?? "",
    method.glance_service_interface ?? "public",
  );
  const url = `${base}/v2/images/${method.glance_image_id}`;
  const patience = AbortSignal.any([signal, AbortSignal.timeout(PATIENCE)]);
  const image = await readMetadata(await open(ctx, url, patience));
  if (image.status !== "active") fail("conflict", "The image is not active in the other image service.");
  if (typeof image.size !== "number") fail("conflict", "The other image service does not give the size.");
  return { remote: { url, size: image.size }, ...copied(ctx.deps, image) };
}

/** Formats and the properties with the configured prefixes, as far as the other service gives them. */
function copied(
  { config, imageSchema }: Pick<Deps, "config" | "imageSchema">,
  image: Record<string, unknown>,
): Pick<RemoteAttributes, "columns" | "setProperties"> {
  const prefixes = config.get("glance_download_properties.extra_properties");
  const wanted = (name: string) =>
    !isBase(name) && !isReserved(name) && prefixes.some((prefix) => name.startsWith(prefix));
  const columns: RemoteAttributes["columns"] = {};
  const setProperties: Record<string, string> = {};
  try {
    for (const name of ["disk_format", "container_format"] as const) {
      if (typeof image[name] !== "string") continue;
      imageSchema.checkFormat(name, image[name]);
      columns[name] = image[name];
    }
    for (const [name, value] of Object.entries(image)) {
      if (!wanted(name) || typeof value !== "string") continue;
      checkPropertyName(name);
      setProperties[name] = imageSchema.checkProperty(name, value) ?? value;
    }
  } catch (cause) {
    if (!isError(cause, "bad_request")) throw cause;
    fail("conflict", `The other image service has what no image may have here: ${cause.message}`, { cause });
  }
  return { columns, setProperties };
}

async function readMetadata({ body }: Source): Promise<Record<string, unknown>> {
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > MAX_METADATA) fail("bad_gateway", "The other image service sends no image.");
    chunks.push(new Uint8Array(chunk));
  }
  try {
    const value = JSON.parse(await new Blob(chunks).text());
    if (typeof value === "object" && value !== null) return value;
  } catch {
    // Not JSON.
  }
  return fail("bad_gateway", "The other image service sends no image.");
}

/** The data; it must have the announced size. Errors: those of `fetchSource`, bad_gateway. */
export async function openRemoteData({ ctx, signal }: TaskRun, { url, size }: Remote): Promise<Source> {
  const source = await open(ctx, `${url}/file`, signal);
  if (source.length !== null && source.length !== size) {
    await source.body.cancel();
    fail("bad_gateway", "The other image service sends another size than it announced.");
  }
  return { body: source.body, length: size };
}

/** Asks the other service, with the caller's token. */
function open({ caller, deps }: Ctx, uri: string, signal: AbortSignal): Promise<Source> {
  const headers: Record<string, string> = caller.token === null ? {} : { "x-auth-token": caller.token };
  return fetchSource(deps, { uri, what: "Processed URI for glance-download", headers }, signal);
}

function endpointOf(caller: Caller, region: string, face: string): string {
  const services = (caller.catalog ?? []) as { type?: string; endpoints?: Endpoint[] }[];
  const endpoints = services.filter(({ type }) => type === "image").flatMap(({ endpoints = [] }) =>
    endpoints
  );
  const found = endpoints.find((endpoint) =>
    (endpoint.region_id ?? endpoint.region) === region && endpoint.interface === face
  );
  if (!found?.url) fail("not_found", `The catalog has no ${face} image service in region '${region}'.`);
  return found.url.replace(/\/+(v2\/?)?$/, "");
}
