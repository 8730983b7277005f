/** A request as it is forwarded to another worker (docs/reference/images-api.md §2.8.5). */
import { FORWARDED, type Incoming } from "../images/peer.ts";
import type { Call } from "./bind.ts";

const PASSED = ["x-service-token", "x-image-meta-store"];

/** `path` is that of the contract, without the prefix of this worker's address. */
export function incoming(
  { request, body }: Call,
  { method, path }: Pick<Incoming, "method" | "path">,
): Incoming {
  const passed = PASSED.filter((name) => request.headers.has(name));
  return {
    method,
    path,
    headers: Object.fromEntries(passed.map((name) => [name, request.headers.get(name)!])),
    ...(body === undefined ? {} : { body }),
    forwarded: request.headers.has(FORWARDED),
  };
}
