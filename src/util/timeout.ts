/**
 * Waits for `promise` at most `millis` milliseconds. After that resolves to what `late` returns, or rejects with what
 * it throws; the promise itself goes on, and its result is dropped.
 */
export async function withTimeout<T>(promise: Promise<T>, millis: number, late: () => T): Promise<T> {
  const timeout = Promise.withResolvers<T>();
  const timer = setTimeout(() => {
    try {
      timeout.resolve(late());
    } catch (error) {
      timeout.reject(error);
    }
  }, millis);
  try {
    return await Promise.race([promise, timeout.promise]);
  } finally {
    clearTimeout(timer);
  }
}
