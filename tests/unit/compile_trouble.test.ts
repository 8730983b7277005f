import assert from "node:assert/strict";
import { compileTrouble } from "../../tools/compile_trouble.ts";

/** As deno 2.4.2 and 2.9.6 write it where their release site cannot be reached. */
const OFFLINE = `error: Writing deno compile executable to temporary file '/tmp/x.tmp-9cdcb6b802900897'

Caused by:
    0: Setting up base binary.
    1: error sending request for url (https://dl.deno.land/release/v2.9.6/denort-x86_64-unknown-linux-gnu.zip): client error (Connect): dns error
    2: client error (Connect)

Stack backtrace:
   0: <unknown>
`;

Deno.test("a release site that cannot be reached is one sentence", () => {
  const text = compileTrouble(OFFLINE, "2.9.6")!;
  assert.equal(text.split("\n").length, 1);
  assert.match(text, /deno 2\.9\.6 cannot fetch .*denort-x86_64-unknown-linux-gnu\.zip\).*DENORT_BIN/);
});

Deno.test("any other failure keeps deno's own message", () => {
  assert.equal(compileTrouble("error: Module not found file:///x/main.js", "2.9.6"), null);
  assert.equal(compileTrouble("", "2.9.6"), null);
});
