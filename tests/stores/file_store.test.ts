import { FileStore } from "../../src/stores/file.ts";
import { HashPool } from "../../src/util/hash_pool.ts";
import { storeSuite } from "./suite.ts";

const WORKER = new URL("../../src/util/hash_worker.ts", import.meta.url);

for (const [name, more] of [["file", {}], ["file, thin", { thinProvisioning: true }]] as const) {
  storeSuite(name, async () => {
    const datadir = await Deno.makeTempDir();
    const hashPool = new HashPool(WORKER);
    const warn = (text: string) => {
      throw new Error(text);
    };
    const store = await FileStore.open({ id: "cheap", datadir, ...more }, { hashPool, warn, error: warn });
    return {
      store,
      async end() {
        hashPool.close();
        const left = [...Deno.readDirSync(datadir)].filter((entry) => entry.name.startsWith("."));
        await Deno.remove(datadir, { recursive: true });
        if (left.length > 0) throw new Error(`left behind: ${left.map((entry) => entry.name)}`);
      },
    };
  });
}
