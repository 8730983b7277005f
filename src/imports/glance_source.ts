/** glance-download: an image of another region's image service (spec/images-api.md §2.8.6). */
import type { ImageColumns } from "../../db/records.ts";
import type { Caller } from "../caller.ts";
import { fail } from "../errors.ts";
import type { TaskRun } from "../tasks/start.ts";
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

export interface RemoteAttributes {
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

/** Asks the other service what it has. Errors: not_found, conflict, bad_gateway, unavailable. */
export async function readRemote({ ctx, signal }: TaskRun, { method }: ImportJob): Promise<RemoteAttributes> {
  const { config, outbound } = ctx.deps;
  const base = endpointOf(
    ctx.caller,
    method.glance_region ?? "",
    method.glance_service_interface ?? "public",
  );
  const url = `${base}/v2/images/${method.glance_image_id}`;
  const response = await outbound(new URL(url), {
    use: "region",
    headers: tokenOf(ctx.caller),
    signal: AbortSignal.any([signal, AbortSignal.timeout(PATIENCE)]),
  });
  if (response.status !== 200) {
    await response.body?.cancel();
    fail("bad_gateway", `The other image service answered with status ${response.status}.`);
  }
  const image = await readMetadata(response);
  if (image.status !== "active") fail("conflict", "The image is not active in the other image service.");
  if (typeof image.size !== "number") fail("conflict", "The other image service does not tell the size.");
  const prefixes = config.get("glance_download_properties.extra_properties");
  const wanted = (name: string) =>
    !name.startsWith("os_glance") && prefixes.some((prefix) => name.startsWith(prefix));
  const copied = Object.entries(image).filter(([name, value]) => wanted(name) && typeof value === "string");
  const text = (value: unknown) => typeof value === "string" ? value : null;
  return {
    remote: { url, size: image.size },
    columns: { disk_format: text(image.disk_format), container_format: text(image.container_format) },
    setProperties: Object.fromEntries(copied) as Record<string, string>,
  };
}

async function readMetadata(response: Response): Promise<Record<string, unknown>> {
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.length;
    if (size > MAX_METADATA) fail("bad_gateway", "The other image service sends no image.");
    chunks.push(chunk);
  }
  try {
    const value = JSON.parse(await new Blob(chunks).text());
    if (typeof value === "object" && value !== null) return value;
  } catch {
    // Not JSON.
  }
  return fail("bad_gateway", "The other image service sends no image.");
}

/** The data; it must have the size that was told. Errors: those of `fetchSource`, bad_gateway. */
export async function openRemoteData({ ctx, signal }: TaskRun, { url, size }: Remote): Promise<Source> {
  const source = await fetchSource(ctx.deps, `${url}/file`, signal, { headers: tokenOf(ctx.caller) });
  if (source.length !== null && source.length !== size) {
    await source.body.cancel();
    fail("bad_gateway", "The other image service sends another size than it tells.");
  }
  return { body: source.body, length: size };
}

function tokenOf(caller: Caller): Record<string, string> {
  return caller.token === null ? {} : { "x-auth-token": caller.token };
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
