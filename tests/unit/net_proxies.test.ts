import assert from "node:assert/strict";

const CHILD = `
import { makeOutbound } from "./src/net/outbound.ts";
const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, () => new Response("data"));
const outbound = makeOutbound({ import: { connectTimeoutMs: 5000 } });
const answer = await outbound.fetch(new URL(\`http://127.0.0.1:\${server.addr.port}/\`), { use: "import" });
console.log(await answer.text());
Deno.exit();
`;

Deno.test("proxies of the environment are not used, and the log says so", async () => {
  const repository = new URL("../../", import.meta.url);
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", "--quiet", "--config", new URL("deno.json", repository).pathname, "-"],
    cwd: repository,
    // Nothing listens at this port.
    env: { http_proxy: "http://127.0.0.1:9", HTTPS_PROXY: "http://127.0.0.1:9", NO_PROXY: "", no_proxy: "" },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const input = child.stdin.getWriter();
  await input.write(new TextEncoder().encode(CHILD));
  await input.close();
  const { stdout, stderr } = await child.output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  assert.equal(text(stdout).trim(), "data", text(stderr));
  assert.match(text(stderr), /http_proxy, HTTPS_PROXY of the environment ignored/);
});
