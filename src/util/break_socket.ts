/** Ends a TCP connection whose write hangs: Deno 2.4 closes it only when the peer has taken all, which may be never. */
import ipaddr from "ipaddr.js";

const SHUT_RDWR = 2;

interface Ends {
  localAddr: Deno.Addr;
  remoteAddr: Deno.Addr;
}

/**
 * Shuts the socket down, so that what waits for it fails. Linux shows which file it is; elsewhere, and without a C
 * library, nothing happens. To be called before the connection is closed, while its number cannot be another's.
 */
export function breakSocket({ localAddr, remoteAddr }: Ends): void {
  try {
    const file = fileOf(`${shown(localAddr)} ${shown(remoteAddr)}`);
    if (file === null) return;
    const library = Deno.dlopen("libc.so.6", { shutdown: { parameters: ["i32", "i32"], result: "i32" } });
    library.symbols.shutdown(file, SHUT_RDWR);
    library.close();
  } catch {
    // It ends when its peer goes.
  }
}

/** The number of our file that is the socket with these ends. */
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

/** As /proc/net shows an address: words of four bytes, each from its last byte on, and the port. */
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
