/**
 * What a query needs of a database: statements in, rows out. The embedded engine answers at once, a remote one
 * later; a query awaits both alike and is written once.
 */
import type { Dialect } from "./dialects/dialect.ts";
import type { Timestamp } from "./records.ts";

/** What may be bound to a placeholder. Booleans become 0 or 1. */
export type Value = string | number | boolean | null;

/** A row by column name, as the engine gives it: booleans are 0 or 1. */
export type Row = Record<string, string | number | null>;

export interface Conn {
  /** How the database writes what is not the same in all of them. */
  readonly dialect: Dialect;
  /** Every row. */
  all(sql: string, params?: readonly Value[]): Row[] | Promise<Row[]>;
  /** The first row. */
  one(sql: string, params?: readonly Value[]): Row | undefined | Promise<Row | undefined>;
  /** The URL of a location that is kept as `stored`. Errors: database, when it was sealed with another key. */
  unseal(stored: string): string;
}

/** A connection inside a write transaction. */
export interface WriteConn extends Conn {
  /** Runs a statement; answers how many rows it changed. */
  run(sql: string, params?: readonly Value[]): number | Promise<number>;
  /** The time, later than every time that this process got before. */
  now(): Timestamp;
  /** A location's URL as it is to be kept. */
  seal(url: string): string;
  /** Whether events of this type are recorded. */
  wants(type: string): boolean;
  /**
   * Other writes that guard the same name wait for the end of this one, on all nodes of a cluster; the first statement
   * of a write. Null where writes run one after the other.
   */
  readonly guard: ((name: string) => Promise<void>) | null;
  /** Set when an event was recorded; reset by the code that commits and then wakes the sender. */
  emitted: boolean;
}

/** `?, ?, ?` for as many values. */
export function placeholders(count: number): string {
  return Array(count).fill("?").join(", ");
}
