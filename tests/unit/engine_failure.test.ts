import assert from "node:assert/strict";
import { engineFailure } from "../../src/cli/engine_failure.ts";

Deno.test("only errors of the database engine are reported as such, and TMPDIR is named only when it is the cause", () => {
  const codes: [reason: unknown, code: number | undefined, said: RegExp][] = [
    [
      new TypeError("/tmp/a b/x1.node: failed to map segment from shared object"),
      5,
      / in \/tmp\/a b\. Set TMPDIR/,
    ],
    [
      new TypeError("Failed to write native addon (Deno FFI/Node API) '/t/index.node' to '/tmp/x1.node'."),
      5,
      / into \/tmp\. Set TMPDIR/,
    ],
    [
      new TypeError("/tmp/x1.node: version `GLIBC_2.99' not found"),
      1,
      /cannot be loaded: \/tmp\/x1\.node: version/,
    ],
    [new TypeError("cannot read properties of undefined"), undefined, /^$/],
    [new Error("/var/lib/glance/images/a: no space left"), undefined, /^$/],
    ["/tmp/x1.node: failed to map segment", undefined, /^$/],
    [undefined, undefined, /^$/],
  ];
  for (const [reason, code, said] of codes) {
    const failure = engineFailure(reason);
    assert.equal(failure?.code, code, String(reason));
    assert.match(failure?.text ?? "", said);
  }
});
