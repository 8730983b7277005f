/** What an operator should know before oneglance takes over a database of Glance. */

/**
 * `blocks`: oneglance cannot serve the database, or these rows, as it is. `wait`: work that Glance has not finished.
 * `differs`: oneglance shows or treats these rows otherwise than Glance. `note`: good to know.
 */
export type Weight = "blocks" | "wait" | "differs" | "note";

export interface Finding {
  /** Stable, for scripts; such as `zero_dates`. */
  code: string;
  weight: Weight;
  /** How many rows; 1 for what is about the whole database. */
  count: number;
  /** Some of them: ids of images, tasks or namespaces. */
  examples: string[];
  what: string;
  todo: string;
}
