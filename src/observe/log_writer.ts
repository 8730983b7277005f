import { fail } from "../errors.ts";

/** Writes the text of lines. */
export interface LogWriter {
  write(text: string): void;
  /** Writes buffered text. */
  flush(): void;
  /** Reopens the file, after a rotation. */
  reopen(): void;
  close(): void;
}

const FULL = 65536;
const DELAY_MS = 100;
const encoder = new TextEncoder();

interface Target {
  put(bytes: Uint8Array): void;
  reopen(): void;
  close(): void;
}

/** Buffers text up to 64 KiB or 100 ms. */
class BufferedWriter implements LogWriter {
  readonly #target: Target;
  #text = "";
  #timer: ReturnType<typeof setTimeout> | null = null;
  /** Number of lines that could not be written; logged when writing works again. */
  #lost = 0;

  constructor(target: Target) {
    this.#target = target;
  }

  write(text: string): void {
    this.#text += text;
    if (this.#text.length >= FULL) return this.flush();
    if (this.#timer !== null) return;
    const timer = setTimeout(() => this.flush(), DELAY_MS);
    Deno.unrefTimer(timer);
    this.#timer = timer;
  }

  flush(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#text === "") return;
    const text = this.#text;
    this.#text = "";
    try {
      if (this.#lost > 0) {
        this.#target.put(encoder.encode(`${this.#lost} lines of this log could not be written\n`));
      }
      this.#lost = 0;
      this.#target.put(encoder.encode(text));
    } catch {
      // A full disk or a closed pipe must not stop the service.
      this.#lost += text.split("\n").length - 1;
    }
  }

  reopen(): void {
    this.flush();
    this.#target.reopen();
  }

  close(): void {
    this.flush();
    this.#target.close();
  }
}

/** Buffered lines to standard output or standard error. */
export function streamWriter(stream: { writeSync(bytes: Uint8Array): number }): LogWriter {
  return new BufferedWriter({ put: (bytes) => putAll(stream, bytes), reopen: nothing, close: nothing });
}

/**
 * Buffered lines to a file, reopened when logrotate has moved or removed it.
 * @throws GlanceError `config` when it cannot be opened.
 */
export function fileWriter(path: string): LogWriter {
  return new BufferedWriter(new FileTarget(path));
}

class FileTarget implements Target {
  readonly #path: string;
  #file: Deno.FsFile;
  #identity: string;
  #checked = Date.now();

  constructor(path: string) {
    this.#path = path;
    try {
      this.#file = open(path);
    } catch (error) {
      fail("config", `${path}: the log file cannot be opened: ${(error as Error).message}`, { cause: error });
    }
    this.#identity = identify(this.#file.statSync());
  }

  put(bytes: Uint8Array): void {
    if (Date.now() - this.#checked >= 1000 && !this.#isInPlace()) this.#follow();
    putAll(this.#file, bytes);
  }

  /** Keeps writing to the moved file when a new one cannot be created. */
  #follow(): void {
    try {
      this.reopen();
    } catch {
      // Tries again a second later.
    }
  }

  reopen(): void {
    const next = open(this.#path);
    this.#file.close();
    this.#file = next;
    this.#identity = identify(next.statSync());
  }

  close(): void {
    this.#file.close();
  }

  #isInPlace(): boolean {
    this.#checked = Date.now();
    try {
      return identify(Deno.statSync(this.#path)) === this.#identity;
    } catch {
      return false;
    }
  }
}

function open(path: string): Deno.FsFile {
  return Deno.openSync(path, { append: true, create: true, mode: 0o640 });
}

function identify(info: Deno.FileInfo): string {
  return `${info.dev}:${info.ino}`;
}

function putAll(to: { writeSync(bytes: Uint8Array): number }, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length;) done += to.writeSync(bytes.subarray(done));
}

function nothing(): void {}
