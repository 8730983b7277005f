import { createImage } from "./api.ts";
import { type Server, startServer } from "./server.ts";

/** A server that holds `count` images made through its API; gives it with the id of one of them. */
export async function startServerWithImages(
  dir: string,
  count: number,
): Promise<{ server: Server; id: string }> {
  const server = await startServer(dir);
  try {
    let id = "";
    for (let made = 0; made < count; made += 50) {
      const ids = await Promise.all(
        Array.from({ length: Math.min(50, count - made) }, () => createImage(server.url)),
      );
      id = ids[0]!;
    }
    return { server, id };
  } catch (error) {
    await server.stop();
    throw error;
  }
}
