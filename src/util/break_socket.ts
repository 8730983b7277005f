/** Ends a TCP connection with a hanging write: Deno 2.4 closes it only after the peer read everything, maybe never. */
import ipaddr from "ipaddr.js";

const SHUT_RDWR = 2;

interface Ends {
  localAddr: Deno.Addr;
  remoteAddr: Deno.Addr;
}

/**
 * Shuts down the socket, so that pending reads and writes fail. Needs Linux's /proc and a C library; otherwise does
 * nothing. Call it before closing the connection: afterwards its descriptor may belong to another one.
 */
export function breakSocket({ localAddr, remoteAddr }: Ends): void {
  try {
    const file = fileOf(`${shown(localAddr)} ${shown(remoteAddr)}`);
    if (file === null) return;
    const library = Deno.dlopen("libc.so.6", { shutdown: { parameters: ["i32", "i32"], result: "i32" } });
    library.symbols.shutdown(file, SHUT_RDWR);
    library.close();
  } catch {
    // The connection ends when its peer disconnects.
  }
}

/** The descriptor of the socket with these ends. */
function fileOf(ends: string): number | null {
  const line = ["tcp", "tcp6"].flatMap((name) => Deno.readTextFileSync(`/proc/self/net/${name}`).split("\n"))
    .find((entry) => entry.includes(ends));
  const inode = line?.trim().split(/\s+/)[9];
  if (inode === undefined) return null;
  for (const { name } of Deno.readDirSync("/proc/self/fd")) {
    try {
      if (Deno.readLinkSync(`/proc/self/fd/${name}`) === `socket:[${inode}]`) return Number(name);
    } catch {
      // Closed meanwhile.
    }
  }
  return null;
}

/** The format of addresses in /proc/net: words of four bytes, last byte first, and the port. */
function shown(address: Deno.Addr): string {
  const { hostname, port } = address as Deno.NetAddr;
  const bytes = ipaddr.parse(hostname).toByteArray();
  const hex = (number: number) => number.toString(16).toUpperCase();
  let words = "";
  for (let at = 0; at < bytes.length; at += 4) {
    for (let byte = 3; byte >= 0; byte--) words += hex(bytes[at + byte]!).padStart(2, "0");
  }
  return `${words}:${hex(port).padStart(4, "0")}`;
}
