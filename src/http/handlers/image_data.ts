/** /v2/images/{id}/file (docs/reference/images-api.md §2.6). */
import type { ImageRecord } from "../../../db/records.ts";
import type * as routes from "../../../openapi/image_data.ts";
import { fail } from "../../errors.ts";
import { downloadImage, type Slice } from "../../images/download.ts";
import { counted, emitSent, wantsSent } from "../../notify/sent.ts";
import { uploadImage } from "../../images/upload.ts";
import { type Call, empty } from "../bind.ts";

export async function upload(call: Call<typeof routes.uploadImageData>): Promise<Response> {
  const { request } = call;
  requireOctetStream(request);
  await uploadImage(call.ctx, {
    id: call.param("image_id"),
    body: uploadBody(request),
    size: declaredSize(call),
    store: call.headers()["x-image-meta-store"] ?? null,
  });
  return empty(call, 204);
}

export async function download(call: Call<typeof routes.downloadImageData>): Promise<Response> {
  const { ctx } = call;
  const asked = call.headers();
  const { image, slice, data } = await downloadImage(ctx, {
    id: call.param("image_id"),
    range: asked.range ?? null,
    contentRange: asked["content-range"] ?? null,
    prefer: call.query().prefer ?? null,
  });
  const headers: Record<string, string> = { "x-openstack-request-id": ctx.requestId };
  if (!data) return new Response(null, { status: 204, headers });
  headers["content-type"] = "application/octet-stream";
  if (image.checksum !== null) headers["content-md5"] = image.checksum;
  const length = slice?.length ?? data.length ?? image.size;
  if (length !== null) headers["content-length"] = String(length);
  const body = watched(call, data.body, { image, slice });
  if (!slice) return new Response(body, { headers });
  headers["content-range"] = `bytes ${slice.offset}-${slice.offset + slice.length - 1}/${image.size}`;
  return new Response(body, { status: 206, headers });
}

/** Counts the body's bytes if `image.send` is enabled; counting takes some 40 % more CPU. */
function watched(
  { c, ctx }: Pick<Call, "c" | "ctx">,
  data: ReadableStream<Uint8Array>,
  { image, slice }: { image: ImageRecord; slice: Slice | null },
): ReadableStream<Uint8Array> {
  const completed = c.env?.completed;
  if (!completed || !wantsSent(ctx)) return data;
  const { body, taken } = counted(data);
  const expected = slice?.length ?? image.size;
  const notify = () => void emitSent(ctx, { image, bytes: taken.bytes, expected });
  // Data that ends early aborts the response and is an event; a client that leaves early is not.
  completed.then(notify, () => taken.ended && notify());
  return body;
}

/** Errors: unsupported_media_type. */
export function requireOctetStream(request: Request): void {
  const type = (request.headers.get("content-type") ?? "").split(";", 1)[0]!.trim().toLowerCase();
  if (type !== "application/octet-stream") {
    fail("unsupported_media_type", "Expected application/octet-stream.", { form: "detail", close: true });
  }
}

/** Returns the body of the request, or an empty stream: an image may have no bytes. */
export function uploadBody({ body }: Request): ReadableStream<Uint8Array> {
  return body ?? new Blob([]).stream();
}

/** Returns the size that the client declares; null = unknown. Errors: bad_request. */
export function declaredSize(
  call: { request: Request; headers(): { "x-openstack-image-size"?: number } },
): number | null {
  const size = call.headers()["x-openstack-image-size"] ??
    Number(call.request.headers.get("content-length") ?? 0);
  return size === 0 ? null : size;
}
