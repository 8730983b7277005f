/** Waits for a concurrent deletion, because a store that refuses makes the image reappear (docs/reference/images-api.md §8.1). */
import type { Deps } from "../deps.ts";
import { fail } from "../errors.ts";

/** Between two looks, and at most, in ms. */
const LOOK = 100;
const PATIENCE = 60_000;

/** Waits until no deletion of the image is in progress. Errors: unavailable when one takes too long; database. */
export async function deletionEnded({ db }: Pick<Deps, "db">, imageId: string): Promise<void> {
  const end = Date.now() + PATIENCE;
  while ((await db.read.deletions.list()).some(({ image_id }) => image_id === imageId)) {
    if (Date.now() > end) fail("unavailable", `The deletion of image ${imageId} does not end.`);
    await new Promise((resolve) => setTimeout(resolve, LOOK));
  }
}
