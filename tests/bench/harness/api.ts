import { BenchTrouble } from "./measure.ts";

/** The body of every image that a measure makes: two properties, two tags. */
export const NEW_IMAGE = JSON.stringify({
  name: "bench",
  disk_format: "raw",
  container_format: "bare",
  tags: ["a", "b"],
  os_distro: "debian",
  hw_disk_bus: "virtio",
});

async function ask(url: string, init: RequestInit, expected: number): Promise<string> {
  const response = await fetch(url, init);
  const body = await response.text();
  if (response.status !== expected) {
    throw new BenchTrouble(`${init.method ?? "GET"} ${url}: ${response.status} ${body.slice(0, 500)}`);
  }
  return body;
}

/** Creates an image and gives its id. */
export async function createImage(url: string): Promise<string> {
  const body = await ask(`${url}/v2/images`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: NEW_IMAGE,
  }, 201);
  return JSON.parse(body).id;
}

export async function deleteImage(url: string, id: string): Promise<void> {
  await ask(`${url}/v2/images/${id}`, { method: "DELETE" }, 204);
}

/** The ids of one page of a list. */
export async function listIds(url: string): Promise<string[]> {
  const body = await ask(url, {}, 200);
  return JSON.parse(body).images.map((image: { id: string }) => image.id);
}

/** Makes `count` namespaces of metadata definitions, each with 20 properties. */
export async function createNamespaces(url: string, count: number): Promise<void> {
  const properties = Object.fromEntries(
    Array.from({ length: 20 }, (_, index) => [`property_${index}`, { title: "A property", type: "string" }]),
  );
  for (let index = 0; index < count; index++) {
    const namespace = {
      namespace: `OS::Bench::${index}`,
      description: "d".repeat(200),
      visibility: "public",
    };
    await ask(`${url}/v2/metadefs/namespaces`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ ...namespace, properties }),
    }, 201);
  }
}
