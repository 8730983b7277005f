/** Bodies of uploads as they are handed to the domain (design: bytes). */
import { BLOCK, openReader } from "../util/pump.ts";

/** Reads from sockets that the runtime's scheduler lets one turn of the event loop do (tokio's budget of a task). */
const READS_A_TURN = 128;

/** Bytes to ask of a body in chunks at once; so much for each read of a turn is what one block of the pump takes. */
export const PIECE = BLOCK / READS_A_TURN;

/** Pieces put together at most, so that chunks of few bytes do not hold the event loop for long. */
const PIECES = 8 * READS_A_TURN;

/** The body of a request with data; an empty stream when it has none: images of no byte are images. */
export function uploadBody(
  request: Request,
  runtime: string = Deno.version.deno,
): ReadableStream<Uint8Array> {
  const { body } = request;
  if (body === null) return new Blob([]).stream();
  return request.headers.has("transfer-encoding") && readsAhead(runtime) ? gathered(body) : body;
}

/**
 * The answer to an upload. One with a length was read in large blocks, which count for the whole connection: it ends
 * where a body in chunks that followed on it would be slow.
 */
export function answerUpload(
  request: Request,
  response: Response,
  runtime: string = Deno.version.deno,
): Response {
  if (!request.headers.has("transfer-encoding") && readsAhead(runtime)) {
    response.headers.set("connection", "close");
  }
  return response;
}

/**
 * Whether the runtime reads a body in chunks ahead of who takes it. From Deno 2.8.3 on each read first moves as many
 * bytes as were ever asked for on the connection from the socket to a buffer, but gives the rest of one chunk at most;
 * what stays is moved in memory by every read, so an upload takes the square of its size, and memory to match.
 */
function readsAhead(runtime: string): boolean {
  const [major, minor, patch] = runtime.split(".").map((part) => parseInt(part));
  return major! * 1e6 + minor! * 1e3 + patch! >= 2_008_003;
}

/**
 * The same bytes in larger pieces, so that the buffer of the runtime stays small: all that can be had in one turn of
 * the event loop is taken, in small reads. Once the turn's reads from the socket are used up, further ones only empty
 * the buffer. What is there is handed over as soon as more would have to be waited for.
 */
export function gathered(body: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
  let reader: ReturnType<typeof openReader> | undefined;
  let next: Promise<Uint8Array | null> | undefined;

  const piece = () => {
    if (next === undefined) {
      next = reader!.read();
      // An error is met by who waits for the piece, which may be later.
      next.catch(() => {});
    }
    return next;
  };

  const put = (got: Uint8Array, into: Uint8Array) => {
    const fits = got.subarray(0, into.length);
    into.set(fits);
    next = fits.length < got.length ? Promise.resolve(got.subarray(fits.length)) : undefined;
    return fits.length;
  };

  return new ReadableStream({
    type: "bytes",
    autoAllocateChunkSize: BLOCK,
    async pull(controller) {
      // Not before: whoever refuses the request cancels its body.
      reader ??= openReader(body, PIECE);
      const view = controller.byobRequest!.view!;
      const room = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
      let size = 0;
      let timer: ReturnType<typeof setTimeout> | undefined;
      let late: Promise<null> | undefined;
      try {
        for (let count = 0; size < room.length && (size === 0 || count < PIECES); count++) {
          late ??= size === 0 ? undefined : new Promise((resolve) => timer = setTimeout(resolve, 0, null));
          const got = await (late ? Promise.race([piece(), late]) : piece());
          if (got === null) break;
          size += put(got, room.subarray(size));
        }
      } finally {
        clearTimeout(timer);
      }
      // Nobody waits for it any more after a cancellation.
      if (controller.byobRequest === null) return;
      if (size === 0) controller.close();
      controller.byobRequest.respond(size);
    },
    cancel: (reason) => (reader ??= openReader(body, PIECE)).cancel(reason),
  });
}
