import assert from "node:assert/strict";
import { nearest } from "../../src/util/near.ts";

Deno.test("what somebody may have meant", () => {
  const known = ["--standalone", "--bind-host", "--bind-port", "--data-dir", "serve", "stuck", "-d"];
  const words: [word: string, meant: string | null][] = [
    ["serv", "serve"],
    ["servre", "serve"],
    ["esrve", "serve"],
    ["SERVE", "serve"],
    ["--standlone", "--standalone"],
    ["standalone", "--standalone"],
    ["--port", "--bind-port"],
    ["--host", "--bind-host"],
    ["--bind_host", "--bind-host"],
    ["--frobnicate", null],
    ["x", "-d"],
    ["", null],
    ["--", null],
  ];
  for (const [word, meant] of words) assert.equal(nearest(word, known), meant, word);
});
