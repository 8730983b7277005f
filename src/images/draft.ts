/** An image, and its locations, while the operations of a PATCH are applied: remembers what they touched. */
import type {
  ImageChange,
  ImageColumns,
  ImageRecord,
  ImageStatus,
  LocationChange,
  LocationRecord,
} from "../../db/records.ts";

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

class DraftLocations {
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

export class Draft {
  /** As it stood in the database. */
  readonly image: ImageRecord;
  readonly locations: DraftLocations;
  #columns: Partial<ImageColumns> = {};
  #properties: Map<string, string | null>;
  #set = new Map<string, string | null>();
  #removed = new Set<string>();
  #tags: string[] | undefined;
  /** Whether a name was added that was not there before. */
  addsProperties = false;

  constructor(image: ImageRecord) {
    this.image = image;
    this.locations = new DraftLocations(image);
    this.#properties = new Map(Object.entries(image.properties));
  }

  get properties(): Record<string, string | null> {
    return Object.fromEntries(this.#properties);
  }

  has(name: string): boolean {
    return this.#properties.has(name);
  }

  setColumn(name: string, value: unknown): void {
    this.#columns = { ...this.#columns, [name]: name === "owner" && value === "" ? null : value };
  }

  /** Whether the list holds what the image's has: the order says nothing. */
  hasTags(tags: readonly string[]): boolean {
    const present = new Set(this.#tags ?? this.image.tags);
    return tags.length === present.size && new Set(tags).size === present.size &&
      tags.every((tag) => present.has(tag));
  }

  setTags(tags: string[]): void {
    this.#tags = tags;
  }

  setProperty(name: string, value: string | null): void {
    if (!this.#properties.has(name)) this.addsProperties = true;
    this.#properties.set(name, value);
    this.#set.set(name, value);
    this.#removed.delete(name);
  }

  removeProperty(name: string): void {
    this.#properties.delete(name);
    this.#set.delete(name);
    if (Object.hasOwn(this.image.properties, name)) this.#removed.add(name);
  }

  /** The image with the columns as they would be saved. */
  current(): ImageRecord {
    return { ...this.image, ...this.#columns };
  }

  /** What to write: only what was touched. `dropTo` is the fate of removed locations. */
  change(dropTo: "deleted" | "pending_delete"): ImageChange {
    const locations = this.locations.change(dropTo);
    return {
      id: this.image.id,
      columns: { ...this.#columns, ...(locations ? this.#dataColumns(locations.activate) : {}) },
      setProperties: Object.fromEntries(this.#set),
      removeProperties: [...this.#removed],
      ...(this.#tags === undefined ? {} : { tags: this.#tags }),
      ...(locations ? { locations } : {}),
    };
  }

  #dataColumns(activate: boolean): Partial<ImageColumns> {
    const { size, validation } = this.locations;
    return {
      ...(size === undefined ? {} : { size }),
      ...(activate && validation ? { ...validation, checksum: validation.checksum ?? null } : {}),
    };
  }
}
