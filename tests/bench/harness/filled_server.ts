import { createImage } from "./api.ts";
import { type Server, startServer } from "./server.ts";

/** A server that holds `count` images made through its API; gives it with the id of one of them. */
export async function startServerWithImages(
  dir: string,
  count: number,
): Promise<{ server: Server; id: string }> {
  const server = await startServer(dir);
  try {
    return { server, id: await createImages(server.url, count) };
  } catch (error) {
    await server.stop();
    throw error;
  }
}

/** Makes `count` images and gives the id of one of them. */
export async function createImages(url: string, count: number): Promise<string> {
  let id = "";
  for (let made = 0; made < count; made += 50) {
    const ids = await Promise.all(Array.from({ length: Math.min(50, count - made) }, () => createImage(url)));
    id = ids[0]!;
  }
  return id;
}
