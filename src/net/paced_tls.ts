/**
 * TLS connections for node:https that take no more from the network than is taken from them. The runtime's own reads
 * on without end: a client that takes an image slowly would fill the memory with it.
 */
import { Agent } from "node:https";
import type { IncomingMessage } from "node:http";
import { connect, type Socket } from "node:net";
import { Duplex } from "node:stream";
import { connect as connectTls, type ConnectionOptions } from "node:tls";

/** Bytes of an answer that may wait to be taken. */
const MAX_WAITING = 1 << 20;

/** Makes the connection of one request. */
export class PacedAgent extends Agent {
  readonly #tls: ConnectionOptions;
  #network: Socket | null = null;
  #answer: IncomingMessage | null = null;

  /** @param tls what of `tls.connect` makes the connection safe */
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
      // What it holds shows in the answer only when it was deciphered.
      network.pause();
      setImmediate(() => this.taken());
    });
    network.once("end", () => encrypted.push(null));
    const secure = connectTls({ ...this.#tls, socket: encrypted });
    network.once("error", (error) => secure.destroy(error));
    secure.once("close", () => network.destroy());
    return secure;
  }

  /** Holds the network back as long as too much of this answer waits. */
  pace(answer: IncomingMessage): void {
    this.#answer = answer;
  }

  /** Some of the answer was taken. */
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
