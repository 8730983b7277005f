/** A process with our listener alone, without the service. Prints its port, and when it has no open file left. */
import { listen } from "../../src/wire/listen.ts";

// The runtime opens files for signals on first use, and ends the process when it has no file left for them.
Deno.addSignalListener("SIGHUP", () => {});

const answer = () => {
  const response = new Response("served");
  response.headers.set("content-length", "6");
  return response;
};
const { addr } = listen({
  hostname: "127.0.0.1",
  port: 0,
  // More connections than the process may have open files.
  connections: 10_000,
  connectionsOfPeer: 0,
  requestsOfPeer: 0,
  limits: { line: 0, head: 65_536, fields: 100, headTime: 0, idleTime: 0, keepAlive: true },
  handler: answer,
  refuse: ({ status, message }) => new Response(message, { status }),
  onFull: () => console.log("full"),
  onExhausted: (error) => console.log(`exhausted: ${error.message}`),
});
console.log(`port ${addr.port}`);
