/** Many uploads that are all in progress before the first of them ends. */
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
  /** Whether each request declares its size. */
  declared: boolean;
  /** How many uploads must begin; the service must refuse the others before it reads any data. Default: all. */
  begin?: number;
}

/** Creates the images and starts all uploads; sends data once each upload is either in progress or refused. */
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
