/** Names that the service reserves for itself. */

/** The reserved store of staged data (docs/reference/stores.md §11). */
export const STAGING_STORE = "os_glance_staging_store";

/** Properties of images that only services write (docs/reference/images-api.md §2.8). */
export const IMAGE_PROPERTY = {
  /**
   * The import lock: the id of the task that holds it (docs/reference/background-jobs.md §4). Its rows are deleted, not
   * marked as deleted: the task that inserts the row has the lock.
   */
  importTask: "os_glance_import_task",
  /** Stores that an import has still to write, separated by commas. */
  importing: "os_glance_importing_to_stores",
  /** Stores that an import could not write, separated by commas. */
  failed: "os_glance_failed_import",
  /** URL of the worker that has the staged data. */
  stageHost: "os_glance_stage_host",
  /** URL of the worker that computes the hashes of a location. */
  hashHost: "os_glance_hash_op_host",
} as const;
