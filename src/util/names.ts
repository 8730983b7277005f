/** Names that the service reserves for itself. */

/** The reserved store of staged data (docs/reference/stores.md §11). */
export const STAGING_STORE = "os_glance_staging_store";
