/** A limit on silence: a server that stops sending must not hold a task or a connection forever. */
import { GlanceError } from "../errors.ts";

/**
 * Returns the response with a body that fails when a read waits `ms` without data; a slow reader does not count.
 * Errors of the body: unavailable, naming `host`; its own.
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
