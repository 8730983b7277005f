/** Many uploads that are all under way before the first of them ends. */
import type { TestService, Who } from "./service.ts";

const FORMATS = { disk_format: "raw", container_format: "bare" };

/** How an upload ended, and its image afterwards. */
export interface Ended {
  status: number;
  text: string;
  image: { status: string; size: number | null; checksum: string | null };
}

interface AtOnce {
  who: Who;
  count: number;
  /** Bytes of each. */
  size: number;
  /** Whether the size is told before. */
  declared: boolean;
  /** How many are let begin; the others must be refused before any data is read. Default all. */
  begin?: number;
}

/** Makes images, uploads to all, lets the data flow when every upload is either under way or refused. */
export async function uploadAtOnce(service: TestService, plan: AtOnce): Promise<Ended[]> {
  const { who, count, size, declared, begin = count } = plan;
  const images = await Promise.all(Array.from({ length: count }, () => service.create(who, FORMATS)));
  const gate = Promise.withResolvers<void>();
  const settled = Promise.withResolvers<void>();
  const seen = { begun: 0, ended: 0 };
  const look = () => {
    if (seen.begun + seen.ended >= count || seen.begun > begin) settled.resolve();
  };
  const body = () =>
    new ReadableStream<Uint8Array>({
      async pull(controller) {
        seen.begun++;
        look();
        await gate.promise;
        controller.enqueue(new Uint8Array(size).fill(7));
        controller.close();
      },
    }, { highWaterMark: 0 });
  const uploads = images.map(async ({ id }): Promise<Ended> => {
    const response = await service.ask(`/v2/images/${id}/file`, who, {
      method: "PUT",
      headers: {
        "content-type": "application/octet-stream",
        ...(declared ? { "content-length": String(size) } : {}),
      },
      body: body(),
    });
    seen.ended++;
    look();
    const text = await response.text();
    const image = await (await service.ask(`/v2/images/${id}`, who)).json();
    return { status: response.status, text, image };
  });
  await settled.promise;
  gate.resolve();
  return await Promise.all(uploads);
}
