/**
 * What a query needs of a database: statements in, rows out. The embedded engine answers at once, a remote one
 * later; a query awaits both alike and is written once.
 */
import type { Timestamp } from "./records.ts";

/** What may be bound to a placeholder. Booleans become 0 or 1. */
export type Value = string | number | boolean | null;

/** A row by column name, as the engine gives it: booleans are 0 or 1. */
export type Row = Record<string, string | number | null>;

export interface Conn {
  /** Every row. */
  all(sql: string, params?: readonly Value[]): Row[] | Promise<Row[]>;
  /** The first row. */
  one(sql: string, params?: readonly Value[]): Row | undefined | Promise<Row | undefined>;
}

/** A connection inside a write transaction. */
export interface WriteConn extends Conn {
  /** Runs a statement; answers how many rows it changed. */
  run(sql: string, params?: readonly Value[]): number | Promise<number>;
  /** The time, later than every time that this process got before. */
  now(): Timestamp;
}

/** `?, ?, ?` for as many values. */
export function placeholders(count: number): string {
  return Array(count).fill("?").join(", ");
}
