import assert from "node:assert/strict";
import { withoutMusl } from "../../tools/lock_file.ts";

Deno.test("lock file: addons for musl are taken out, everything else stays", () => {
  const lock = {
    version: "5",
    npm: {
      "@libsql/linux-x64-gnu@0.5.29": { integrity: "a" },
      "@libsql/linux-x64-musl@0.5.29": { integrity: "b" },
      "@libsql/linux-arm-musleabihf@0.5.29": { integrity: "c" },
      "libsql@0.5.29": {
        dependencies: ["detect-libc"],
        optionalDependencies: [
          "@libsql/linux-x64-gnu",
          "@libsql/linux-x64-musl",
          "@libsql/linux-arm-musleabihf",
        ],
      },
      "musl-notes@1.0.0": {},
    },
  };
  assert.deepEqual(withoutMusl(lock), {
    version: "5",
    npm: {
      "@libsql/linux-x64-gnu@0.5.29": { integrity: "a" },
      "libsql@0.5.29": { dependencies: ["detect-libc"], optionalDependencies: ["@libsql/linux-x64-gnu"] },
      "musl-notes@1.0.0": {},
    },
  });
});
