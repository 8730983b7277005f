/** The revisions of upstream's schema that a database can have (docs/reference/data-model.md §1.9). */

/** Upstream's head: the revision of a database that oneglance makes. */
export const HEAD = "2024_1_contract01";

/** The expand revision before it; alone or beside an older contract revision in the middle of a rolling upgrade. */
export const EXPANDED = "2024_1_expand01";

/** Contract revisions whose data is as ours, but columns are missing: a sync brings them to the head. Oldest first. */
export const INCOMPLETE: readonly string[] = ["train_contract01", "ussuri_contract01"];

/**
 * Contract revisions with all that oneglance uses, oldest first. A database keeps the one that it has: the Glance beside
 * or after oneglance takes the database for its own, and its `db sync` and its upgrades work.
 */
export const COMPLETE: readonly string[] = [
  "wallaby_contract01",
  "xena_contract01",
  "yoga_contract01",
  "zed_contract01",
  "2023_1_contract01",
  HEAD,
];

/** Contract revisions whose data upstream's own tool has to carry over first. */
export const TOO_OLD: readonly string[] = [
  "liberty",
  "mitaka01",
  "mitaka02",
  "ocata_contract01",
  "pike_contract01",
  "queens_contract01",
  "rocky_contract01",
  "rocky_contract02",
];
