/** The locations of an image while a PATCH is applied to it. */
import type { ImageRecord, ImageStatus, LocationChange, LocationRecord } from "../../db/records.ts";

export interface DraftLocation {
  /** Absent until it is saved. */
  id?: number;
  url: string;
  metadata: Record<string, unknown>;
}

/** Hashes that the caller gives as right; they become the image's. */
export interface ValidationData {
  checksum?: string | undefined;
  os_hash_algo: string;
  os_hash_value: string;
}

export class DraftLocations {
  readonly #before: readonly LocationRecord[];
  readonly #status: ImageStatus;
  list: DraftLocation[];
  removed: LocationRecord[] = [];
  #touched = false;
  /** What the first location of a queued image brings along. */
  validation: ValidationData | undefined;
  /** Bytes, when the image had none. */
  size: number | undefined;

  constructor(image: ImageRecord) {
    this.#before = image.locations;
    this.#status = image.status;
    this.list = image.locations.map(({ id, url, metadata }) => ({ id, url, metadata }));
  }

  /** The status as later operations of the document see it. */
  get status(): ImageStatus {
    return this.#status === "queued" && this.list.length > 0 ? "active" : this.#status;
  }

  /** How many there will be that are not saved yet. */
  get added(): number {
    return this.list.filter(({ id }) => id === undefined).length;
  }

  set(list: DraftLocation[]): void {
    this.list = list;
    this.#touched = true;
  }

  remove(index: number): void {
    const [gone] = this.list.splice(index, 1);
    const record = this.#before.find(({ id }) => id === gone?.id);
    if (record) this.removed.push(record);
    this.#touched = true;
  }

  /** The saved locations in the order of the document, which only the answer to it has (docs/reference/images-api.md §3.8). */
  arrange(saved: readonly LocationRecord[]): LocationRecord[] {
    const left = [...saved];
    const arranged = this.list.flatMap((one) => {
      const index = left.findIndex((record) =>
        one.id === undefined
          ? record.url === one.url && JSON.stringify(record.metadata) === JSON.stringify(one.metadata)
          : record.id === one.id
      );
      return index === -1 ? [] : left.splice(index, 1);
    });
    return [...arranged, ...left];
  }

  /** What to write, or undefined when nothing was touched. */
  change(to: "deleted" | "pending_delete"): LocationChange | undefined {
    if (!this.#touched) return undefined;
    const old = new Map(this.#before.map((location) => [location.id, location]));
    return {
      from: [this.#status],
      activate: this.#status === "queued" && this.list.length > 0,
      add: this.list.filter(({ id }) => id === undefined).map(({ url, metadata }) => ({ url, metadata })),
      drop: this.removed.map(({ id }) => ({ id, to })),
      metadata: this.list.flatMap(({ id, metadata }) => {
        const changed = id !== undefined &&
          JSON.stringify(old.get(id)?.metadata) !== JSON.stringify(metadata);
        return changed ? [{ id, metadata }] : [];
      }),
    };
  }
}
