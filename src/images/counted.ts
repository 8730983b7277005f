/** How much of a body was taken. */
export interface Taken {
  bytes: number;
  /** The source ended or failed; false means that the reader left early. */
  ended: boolean;
}

/** The same bytes, counted as they are taken. Nothing is read ahead of that. */
export function counted(
  body: ReadableStream<Uint8Array>,
): { body: ReadableStream<Uint8Array>; taken: Taken } {
  const taken: Taken = { bytes: 0, ended: false };
  const reader = body.getReader();
  // A read in progress ends as well when the reader leaves.
  let left = false;
  const stream = new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const { done, value } = await reader.read();
        if (done) {
          taken.ended = !left;
          return left ? undefined : controller.close();
        }
        taken.bytes += value.length;
        controller.enqueue(value);
      } catch (error) {
        taken.ended = !left;
        throw error;
      }
    },
    cancel(reason) {
      left = true;
      return reader.cancel(reason);
    },
  }, { highWaterMark: 0 });
  return { body: stream, taken };
}
