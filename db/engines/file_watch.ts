/** Watches for a database file that is moved, replaced or deleted while open: writes to it would be lost from sight. */
import { GlanceError } from "../../src/errors.ts";
import { getLog } from "../../src/observe/log.ts";

const log = getLog("oneglance.database");

/** Longest time between two checks of the file, with or without writes, in ms. */
const IDLE = 10_000;
const WRITING = 100;

/** Looks now and then whether an open database file still has its name (by device and inode). */
export class FileWatch {
  readonly #path: string;
  readonly #opened: Deno.FileInfo;
  readonly #timer: ReturnType<typeof setInterval>;
  #looked = -Infinity;
  #away = false;

  /** Call when the file has just been opened. */
  constructor(path: string) {
    this.#path = path;
    this.#opened = Deno.statSync(path);
    this.#timer = setInterval(() => this.#look(), IDLE);
    Deno.unrefTimer(this.#timer);
  }

  /** Errors: unavailable, while the file does not have its name. */
  requireInPlace(): void {
    if (performance.now() - this.#looked > WRITING) this.#look();
    if (this.#away) {
      throw new GlanceError(
        "unavailable",
        "The database takes no writes: its file is not in its place any more.",
      );
    }
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    this.#looked = performance.now();
    const away = this.#isAway();
    if (away === this.#away) return;
    this.#away = away;
    if (away) {
      log.error(
        `the database ${this.#path} was moved, replaced or deleted while it is in use: no write is taken until the file ` +
          "is back under its name; to go on with another file, start the service anew",
      );
    } else log.warn(`the database ${this.#path} is back in its place: writes are taken again`);
  }

  #isAway(): boolean {
    try {
      const { dev, ino } = Deno.statSync(this.#path);
      return dev !== this.#opened.dev || ino !== this.#opened.ino;
    } catch (error) {
      // What only hinders the look says nothing of the file.
      return error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory;
    }
  }
}
