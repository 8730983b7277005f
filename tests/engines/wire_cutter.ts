/** A TCP proxy before a database that loses what a test wants lost. */

/** `commit`: what the client sends with a COMMIT. `answer`: what the server answers to that. */
export type Lost = "commit" | "answer" | "nothing";

export interface WireCutter extends Disposable {
  port: number;
  /** What is lost of the next COMMIT, with its connection; then nothing any more. */
  lose: Lost;
  /** Commits that were lost so far. */
  lost: number;
  /** Holds the lost COMMIT back, and gives it to the server that many milliseconds later. 0: never. */
  lateMillis: number;
  /** Ends all connections. */
  cut(): void;
  /** Refuses new connections. */
  refusing: boolean;
}

export function startWireCutter(target: number): WireCutter {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const open = new Set<Deno.Conn>();
  const cutter: WireCutter = {
    port: (listener.addr as Deno.NetAddr).port,
    lose: "nothing",
    lost: 0,
    lateMillis: 0,
    refusing: false,
    cut() {
      for (const conn of [...open]) close(conn);
    },
    [Symbol.dispose]() {
      listener.close();
      this.cut();
    },
  };
  const close = (conn: Deno.Conn) => {
    if (!open.delete(conn)) return;
    try {
      conn.close();
    } catch {
      // It is closed.
    }
  };
  const serve = async (client: Deno.Conn) => {
    const server = await Deno.connect({ hostname: "127.0.0.1", port: target });
    open.add(client).add(server);
    let losing: Lost = "nothing";
    const end = () => {
      close(client);
      close(server);
    };
    const up = async () => {
      for await (const bytes of client.readable) {
        const isCommit = /COMMIT;/.test(new TextDecoder().decode(bytes));
        if (isCommit && cutter.lose !== "nothing") {
          losing = cutter.lose;
          cutter.lose = "nothing";
          cutter.lost++;
          if (losing === "commit") {
            close(client);
            if (cutter.lateMillis === 0) return end();
            await new Promise((resolve) => setTimeout(resolve, cutter.lateMillis));
            await server.write(bytes).catch(() => {});
            return;
          }
        }
        await write(server, bytes);
      }
    };
    const down = async () => {
      for await (const bytes of server.readable) {
        if (losing === "nothing") await write(client, bytes);
        else return end();
      }
    };
    await Promise.allSettled([up().then(losing === "nothing" ? end : undefined), down()]);
    end();
  };
  (async () => {
    for await (const client of listener) {
      if (cutter.refusing) client.close();
      else serve(client).catch(() => client.close());
    }
  })().catch(() => {});
  return cutter;
}

async function write(to: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await to.write(bytes.subarray(at));
}
