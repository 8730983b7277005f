/**
 * Measures an upload into the file store, with both digests, beside `md5sum` and `sha512sum` of the same file in
 * parallel, the practical limit of an upload. Needs curl and coreutils.
 *
 *     deno run -A tests/bench/hash_upload.ts [MiB] [rounds] [folder]
 */
import process from "node:process";
import { FileStore } from "../../src/stores/file.ts";
import { HashPool } from "../../src/util/hash_pool.ts";

const mebibytes = Number(Deno.args[0] ?? 1024);
const rounds = Number(Deno.args[1] ?? 3);
const folder = await Deno.makeTempDir({ dir: Deno.args[2], prefix: "hash_upload" });
const source = `${folder}/source`;

async function run(program: string, ...args: string[]): Promise<void> {
  const { success } = await new Deno.Command(program, { args, stdout: "null", stderr: "inherit" }).output();
  if (!success) throw new Error(`${program} failed`);
}

async function seconds(step: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await step();
  return (performance.now() - start) / 1000;
}

/** Returns the CPU seconds that all threads of this process have used so far. */
function cpu(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

async function makeSource(): Promise<void> {
  using file = await Deno.open(source, { write: true, create: true });
  const block = new Uint8Array(1 << 20);
  for (let at = 0; at < block.length; at += 65536) crypto.getRandomValues(block.subarray(at, at + 65536));
  for (let count = 0; count < mebibytes; count++) {
    new DataView(block.buffer).setUint32(0, count);
    await file.write(block);
  }
}

const hashPool = new HashPool(new URL("../../src/util/hash_worker.ts", import.meta.url));
hashPool.warm();
const store = await FileStore.open({ id: null, datadir: `${folder}/images` }, {
  hashPool,
  warn: console.error,
  error: console.error,
});
let phases = "";
const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
  const handle = await store.open("image", { size: null, algorithm: "sha512" });
  const pipe = await seconds(() => handle.pipe(request.body!));
  const digests = await seconds(() => handle.digests());
  const commit = await seconds(() => handle.commit());
  phases = `pipe ${pipe.toFixed(2)} digests ${digests.toFixed(2)} commit ${commit.toFixed(2)}`;
  return new Response();
});

try {
  await makeSource();
  for (let round = 0; round < rounds; round++) {
    const limit = await seconds(() => Promise.all([run("md5sum", source), run("sha512sum", source)]));
    const before = cpu();
    let peak = 0;
    const watch = setInterval(() => peak = Math.max(peak, Deno.memoryUsage().rss), 100);
    const upload = await seconds(() =>
      run("curl", "-sf", "-T", source, `http://127.0.0.1:${server.addr.port}/`)
    );
    clearInterval(watch);
    console.log(
      `limit ${limit.toFixed(2)} s, upload ${upload.toFixed(2)} s = ${
        (upload / limit).toFixed(2)
      } of it (${phases}),`,
      `${(cpu() - before).toFixed(2)} CPU s, ${Math.round(peak / 2 ** 20)} MiB RSS at most`,
    );
    await store.delete(`file://${folder}/images/image`);
  }
} finally {
  await server.shutdown();
  hashPool.close();
  await Deno.remove(folder, { recursive: true });
}
