/** An image while the operations of a PATCH are applied to it: remembers what they touched. */
import type { ImageChange, ImageColumns, ImageRecord } from "../../db/records.ts";
import { DraftLocations } from "./draft_locations.ts";

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
