/** Begins to write image `img-1` into the directory given and never ends; for the test of crashes. */
import { FileStore } from "../../src/stores/file.ts";
import { HashPool } from "../../src/util/hash_pool.ts";

const hashPool = new HashPool(new URL("../../src/util/hash_worker.ts", import.meta.url));
const store = await FileStore.open({ id: null, datadir: Deno.args[0]! }, {
  hashPool,
  warn: console.error,
  error: console.error,
});
const handle = await store.open("img-1", { size: null, algorithm: "sha512" });
const endless = new ReadableStream<Uint8Array>({
  start: (controller) => controller.enqueue(new Uint8Array(1000)),
});
const piped = handle.pipe(endless);
while (await handle.written() < 1000) await new Promise((resolve) => setTimeout(resolve, 5));
console.log("writing");
setInterval(() => {}, 1000);
await piped;
