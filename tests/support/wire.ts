/** Sends a request byte by byte, as the test wants it, over its own TCP connection. */

interface WireAnswer {
  status: number;
  /** Status line and headers. */
  head: string;
  body: string;
}

export interface Wire extends Disposable {
  send(bytes: Uint8Array | string): Promise<void>;
  /** Reads one response to its end; a 204 and a response without a length end with their headers. */
  answer(): Promise<WireAnswer>;
  /** Ends the sending side of the connection. */
  finish(): Promise<void>;
  /** Reads to the end of the headers; `skip` reads what follows. */
  head(): Promise<string>;
  /** Reads and discards until the server ends the connection. */
  skip(): Promise<void>;
  /** Reads until the server ends the connection; returns what it read. */
  rest(): Promise<string>;
  /** Closes the connection without ending the body. */
  [Symbol.dispose](): void;
}

/** Connects to the port on loopback. */
export async function wire(port: number): Promise<Wire> {
  const conn = await Deno.connect({ hostname: "127.0.0.1", port });
  let held = new Uint8Array();
  let open = true;

  async function more(): Promise<boolean> {
    const block = new Uint8Array(65536);
    const got = await conn.read(block);
    if (got === null) return false;
    held = Uint8Array.from([...held, ...block.subarray(0, got)]);
    return true;
  }

  async function head(): Promise<string> {
    let mark: number;
    while ((mark = text(held).indexOf("\r\n\r\n")) < 0) {
      if (!await more()) throw new Error(`the connection ended in the headers: ${text(held)}`);
    }
    const found = text(held).slice(0, mark);
    held = held.slice(mark + 4);
    return found;
  }

  return {
    async send(bytes) {
      const data = typeof bytes === "string" ? new TextEncoder().encode(bytes) : bytes;
      for (let at = 0; at < data.length;) at += await conn.write(data.subarray(at));
    },
    finish: () => conn.closeWrite().catch(() => {}),
    head,
    async skip() {
      const block = new Uint8Array(1 << 20);
      while (await conn.read(block) !== null);
    },
    async answer() {
      const first = await head();
      const length = Number(/^content-length: (\d+)/im.exec(first)?.[1] ?? 0);
      while (held.length < length) if (!await more()) throw new Error("the connection ended in the body");
      const body = text(held.subarray(0, length));
      held = held.slice(length);
      return { status: Number(first.split(" ")[1]), head: first, body };
    },
    async rest() {
      try {
        while (await more());
      } catch (error) {
        if (!(error instanceof Deno.errors.ConnectionReset)) throw error;
      }
      const all = text(held);
      held = new Uint8Array();
      return all;
    },
    [Symbol.dispose]() {
      if (open) conn.close();
      open = false;
    },
  };
}

/** The head of an upload; `length` null = chunked. */
export function uploadHead(id: string, length: number | null, more: Record<string, string> = {}): string {
  const size = length === null ? "transfer-encoding: chunked" : `content-length: ${length}`;
  const headers = Object.entries(more).map(([name, value]) => `${name}: ${value}\r\n`).join("");
  return `PUT /v2/images/${id}/file HTTP/1.1\r\nhost: glance\r\n${size}\r\n` +
    `content-type: application/octet-stream\r\naccept: application/json\r\n${headers}\r\n`;
}

// One character for each byte.
function text(bytes: Uint8Array): string {
  return new TextDecoder("latin1").decode(bytes);
}
