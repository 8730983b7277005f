/** Images in the states that scenario tables begin with; each returns its id as `{id}`. */
import type { ImageStatus } from "../../db/records.ts";
import type { Given } from "./scenario.ts";
import { OWNER, type TestService } from "./service.ts";

type Make = (service: TestService) => Promise<Given>;

/** A queued image of OWNER. */
export function queued(body: Record<string, unknown> = {}): Make {
  return async (service) => ({ id: (await service.create(OWNER, body)).id });
}

/** An active image of OWNER with the ten bytes `0123456789`. */
export function active(body: Record<string, unknown> = {}): Make {
  return async (service) => {
    const { id } = await service.create(OWNER, { disk_format: "raw", container_format: "bare", ...body });
    await service.upload(id, OWNER, "0123456789");
    return { id };
  };
}

/** An image of OWNER in any status; the database sets it directly. */
export function inStatus(status: ImageStatus, body: Record<string, unknown> = {}): Make {
  return async (service) => {
    const { id } = await service.create(OWNER, body);
    await service.deps.db.write.images.transition({ id, from: ["queued"], to: status, limit: null });
    return { id };
  };
}

/** A shared image of OWNER with STRANGER's project as a member with this status. */
export function sharedWith(status: "pending" | "accepted" | "rejected", member = "p2"): Make {
  return async (service) => {
    const { id } = await service.create(OWNER);
    await service.deps.db.write.members.add({ imageId: id, member, quota: -1 });
    await service.deps.db.write.members.setStatus({ imageId: id, member, status });
    return { id };
  };
}

/** Runs several makers and joins their values; later ones win. */
export function all(...makers: Make[]): Make {
  return async (service) => {
    const given: Given = {};
    for (const make of makers) Object.assign(given, await make(service));
    return given;
  };
}
