/** A database whose location URLs are encrypted at rest; everything else passes through (spec/data-model.md §4). */
import type { Database, DatabaseWrites } from "./database.ts";
import type { LocationCipher } from "./location_cipher.ts";
import type { ImageRecord, ImageTransition, LocationRecord, OverLimit, TransitionResult } from "./records.ts";

type Placed = { url: string; metadata: Record<string, unknown> };

/** Wraps `db`: URLs are encrypted on their way in and decrypted on their way out. */
export function withEncryptedLocations(db: Database, cipher: LocationCipher): Database {
  const seal = <L extends Placed>(list: L[]): L[] =>
    list.map((each) => ({ ...each, url: cipher.encrypt(each.url) }));
  const opened = (list: LocationRecord[]): LocationRecord[] =>
    list.map((each) => ({ ...each, url: cipher.decrypt(each.url) }));
  const open = <I extends ImageRecord | null>(image: I): I =>
    image && { ...image, locations: opened(image.locations) };
  const openResult = <R extends TransitionResult | OverLimit>(result: R): R =>
    result.outcome === "done" ? { ...result, image: open(result.image) } : result;
  const sealTransition = ({ addLocations, ...input }: ImageTransition): ImageTransition => ({
    ...input,
    ...(addLocations ? { addLocations: seal(addLocations) } : {}),
  });
  const { read } = db;
  const sealed = (write: DatabaseWrites): DatabaseWrites => ({
    ...write,
    createImage: async (input) => open(await write.createImage(input)),
    changeImage: async ({ locations, ...input }) =>
      open(
        await write.changeImage({
          ...input,
          ...(locations ? { locations: { ...locations, add: seal(locations.add) } } : {}),
        }),
      ),
    createImageWithin: async (input) => openResult(await write.createImageWithin(input)),
    transitionImage: async (input) => openResult(await write.transitionImage(sealTransition(input))),
    transitionImageWithin: async ({ change, limit }) =>
      openResult(await write.transitionImageWithin({ change: sealTransition(change), limit })),
    deleteImage: async (input) => openResult(await write.deleteImage(input)),
    beginDeletion: async (input) => {
      const begun = await write.beginDeletion(input);
      return begun.outcome === "done" ? { ...begun, image: open(begun.image) } : begun;
    },
    takeDeletion: async (input) => {
      const taken = await write.takeDeletion(input);
      return taken && { ...taken, image: open(taken.image) };
    },
    dropLocation: async (input) => open(await write.dropLocation(input)),
  });
  return {
    read: {
      ...read,
      image: async (input) => open(await read.image(input)),
      delayedLocations: async (input) => opened(await read.delayedLocations(input)),
      images: async (input) => (await read.images(input)).map(open),
    },
    write: sealed(db.write),
    telling: (events, told) => sealed(db.telling(events, told)),
    close: () => db.close(),
  };
}
