/**
 * TLS connections for node:https with backpressure. The runtime's own reads on without limit: a client that downloads
 * an image slowly would fill the memory.
 */
import { Agent } from "node:https";
import type { IncomingMessage } from "node:http";
import { connect, type Socket } from "node:net";
import { Duplex } from "node:stream";
import { connect as connectTls, type ConnectionOptions } from "node:tls";

/** Bytes of a response that may wait to be read. */
const MAX_WAITING = 1 << 20;

/** Creates the connection of one request. */
export class PacedAgent extends Agent {
  readonly #tls: ConnectionOptions;
  #network: Socket | null = null;
  #answer: IncomingMessage | null = null;

  /** @param tls options of `tls.connect` */
  constructor(tls: ConnectionOptions) {
    super();
    this.#tls = tls;
  }

  /** Called by node:https. */
  override createConnection({ host, port }: { host?: string; port?: number | string }): Duplex {
    const network = connect({ host: host!, port: Number(port) });
    this.#network = network;
    const encrypted = new Duplex({
      read: () => this.taken(),
      write: (chunk, _encoding, done) => void network.write(chunk, done),
      final: (done) => void network.end(done),
      destroy: (error, done) => {
        network.destroy();
        done(error);
      },
    });
    network.on("data", (chunk) => {
      encrypted.push(chunk);
      // The data counts in the response only once it is decrypted.
      network.pause();
      setImmediate(() => this.taken());
    });
    network.once("end", () => encrypted.push(null));
    const secure = connectTls({ ...this.#tls, socket: encrypted });
    network.once("error", (error) => secure.destroy(error));
    secure.once("close", () => network.destroy());
    return secure;
  }

  /** Pauses the network while too much of this response waits to be read. */
  pace(answer: IncomingMessage): void {
    this.#answer = answer;
  }

  /** Called when some of the response was read: resumes the network. */
  taken(): void {
    if (!this.#isFull()) this.#network?.resume();
  }

  #isFull(): boolean {
    const answer = this.#answer;
    if (answer === null) return false;
    return answer.readableLength >= answer.readableHighWaterMark ||
      (answer.socket?.readableLength ?? 0) > MAX_WAITING;
  }
}
