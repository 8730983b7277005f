/** Bodies that are there already are worked through at once; others get their turn of the event loop in between. */

/** How long all bodies together keep the event loop, in ms. */
const TURN = 10;

let since = 0;
let pause: Promise<void> | undefined;

/**
 * To be called before each piece of work; waits when the bodies had their turn. A timer and no immediate: before that
 * one, Deno 2.9 does not look at its sockets.
 */
export function takeTurn(): Promise<void> | void {
  if (performance.now() - since < TURN) return;
  return pause ??= new Promise((resolve) =>
    setTimeout(() => {
      since = performance.now();
      pause = undefined;
      resolve();
    }, 0)
  );
}
