/** A limit on silence: a server that says nothing more must not hold a task or a connection for ever. */
import { GlanceError } from "../errors.ts";

/**
 * The response with a body that fails when nothing has come for `ms` while somebody waited for it. Who reads slowly
 * is not meant. Errors of the body: unavailable, naming `host`; its own.
 */
export function limitStall(response: Response, ms: number, host: string): Response {
  if (response.body === null) return response;
  const reader = response.body.getReader();
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { promise: stalled, reject } = Promise.withResolvers<never>();
      const timer = setTimeout(() => {
        reject(new GlanceError("unavailable", `${host} has sent nothing for ${ms / 1000} s.`));
      }, ms);
      try {
        const { value, done } = await Promise.race([reader.read(), stalled]);
        if (done) controller.close();
        else controller.enqueue(value);
      } catch (error) {
        reader.cancel(error).catch(() => {});
        throw error;
      } finally {
        clearTimeout(timer);
      }
    },
    cancel: (reason) => reader.cancel(reason),
  }, { highWaterMark: 0 });
  const { status, statusText, headers } = response;
  return new Response(body, { status, statusText, headers });
}
