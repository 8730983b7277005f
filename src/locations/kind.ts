/** The task behind an added location (docs/reference/background-jobs.md §4.4, docs/reference/images-api.md §2.10.2). */
import { createHash } from "node:crypto";
import * as v from "valibot";
import type { ImageRecord, ImageTransition } from "../../db/records.ts";
import { fail } from "../errors.ts";
import { deletionEnded } from "../images/delete.ts";
import { imageById, imageIfAny } from "../images/find.ts";
import { sizeOfExternal } from "../images/external_location.ts";
import { getLog } from "../observe/log.ts";
import { limitText } from "../quota/quota.ts";
import type { Digests } from "../stores/store.ts";
import { stoppingReason } from "../tasks/background.ts";
import {
  fields,
  given,
  MAX_RUNS,
  readInput,
  type Step,
  type TaskInput,
  type TaskKind,
  type TaskRun,
  text,
} from "../tasks/runner.ts";
import { HASHING_ALGORITHM, nodeAlgorithm } from "../util/hash_algorithm.ts";

const log = getLog("oneglance.locations");

const INPUT = fields({
  image_id: given("image_id", v.pipe(v.unknown(), v.transform(String))),
  loc_url: given("loc_url", text("loc_url")),
  validation_data: v.nullable(v.object({
    os_hash_algo: v.nullish(text("os_hash_algo")),
    os_hash_value: v.nullish(text("os_hash_value")),
  }, "Input field 'validation_data' must be an object")),
});

export interface HashGiven {
  os_hash_algo: string;
  os_hash_value: string;
}

interface LocationInput extends TaskInput {
  url: string;
  /** The hash that the caller says the data has. */
  validation: HashGiven | null;
}

interface LocationAdded {
  /** As the last step left it. */
  image: ImageRecord;
}

type LocationStep = Step<LocationInput, LocationAdded>;

/** Leaves the location in the image, which is active; or `importing`, where a hash was given that is to be verified. */
const saveStep: LocationStep = {
  name: "save",
  async run(run, { imageId, url, validation }) {
    const { deps } = run.ctx;
    const image = await imageById(deps, imageId);
    // An earlier run has saved it.
    if (image.status !== "queued") return { image };
    const quota = deps.config.get("DEFAULT.image_location_quota");
    if (quota >= 0 && quota < 1) fail("too_large", limitText("image locations", 1, quota));
    const size = await sizeOfExternal(run.ctx, url, {});
    const store = deps.stores.multi ? deps.stores.guess(url)?.id : null;
    const secure = deps.config.get("DEFAULT.do_secure_hash");
    const verified = secure && validation !== null;
    return {
      image: await move(run, {
        id: imageId,
        from: ["queued"],
        to: verified ? "importing" : "active",
        columns: { size, ...(secure ? {} : validation) },
        // The one that a failed verification left no longer belongs to the data, or it is this one.
        dropLocationIds: image.locations.filter(isKept).map(({ id }) => id),
        addLocations: [{ url, metadata: store ? { store } : {} }],
      }),
    };
  },
  /** Only while the image cannot be used: an active image stays. */
  async undo(run, { imageId, url }) {
    await deletionEnded(run.ctx.deps, imageId);
    const image = await imageIfAny(run.ctx.deps, imageId);
    if (image?.status !== "importing") return;
    await move(run, {
      id: imageId,
      from: ["importing"],
      to: "queued",
      columns: { size: null, virtual_size: null, checksum: null, os_hash_algo: null, os_hash_value: null },
      dropLocations: !isKept({ url }),
    }).catch((error) => log.warn(`image ${imageId} was not put back to queued`, { error }));
  },
};

/** Upstream keeps an http location on an image that is queued again, and clients know it so. */
const isKept = ({ url }: { url: string }): boolean => url.startsWith("http");

/** Leaves the image active, with its hashes: the data has the hash that was given. */
const verifyStep: LocationStep = {
  name: "verify",
  when: (_run, { image }) => image.status === "importing",
  async run(run, { url, validation, imageId }) {
    const image = await imageById(run.ctx.deps, imageId);
    if (image.status !== "importing") return { image };
    const { id, size } = image;
    const { os_hash_algo, os_hash_value } = validation ?? fail("internal", "No hash was given.");
    const { md5, hash } = await hashLocation(run, { url, algorithm: os_hash_algo, size });
    if (hash !== os_hash_value.toLowerCase()) {
      fail("conflict", "The data has another hash than was given.");
    }
    const columns = { checksum: md5, os_hash_algo, os_hash_value: hash };
    return { image: await move(run, { id, from: ["importing"], to: "active", columns }) };
  },
};

/** Leaves an active image with its hashes, as far as they can be computed. */
const hashStep: LocationStep = {
  name: "hash",
  when: ({ ctx }, { image }) => image.os_hash_value === null && ctx.deps.config.get("DEFAULT.do_secure_hash"),
  async run(run, { url, image: { id, size } }) {
    const set = async (columns: ImageTransition["columns"]) => ({
      image: await move(run, { id, from: ["active", "deactivated"], to: "same", columns }),
    });
    // Earlier runs were broken off while they read it.
    if (run.past && run.past.runs > MAX_RUNS) return await set({ os_hash_algo: null });
    const algorithm = run.ctx.deps.config.get("DEFAULT.hashing_algorithm");
    await set({ os_hash_algo: algorithm });
    try {
      const { md5, hash } = await hashLocation(run, { url, algorithm, size });
      return await set({ checksum: md5, os_hash_value: hash });
    } catch (error) {
      if (run.signal.reason === stoppingReason()) throw error;
      log.warn(`the hash of image ${id} could not be computed`, { error });
      return run.signal.aborted ? {} : await set({ os_hash_algo: null });
    }
  },
};

/** The task type `location_import`. */
export const locationKind: TaskKind<LocationInput, LocationAdded> = {
  type: "location_import",
  noun: "location import",
  makesImage: false,
  brokenOff: "The service was ended while it worked on the location.",
  parse({ task }) {
    const { image_id, loc_url, validation_data } = readInput(task, INPUT);
    const { os_hash_algo, os_hash_value } = validation_data ?? {};
    if (!os_hash_algo) return { imageId: image_id, url: loc_url, validation: null };
    nodeAlgorithm(os_hash_algo, "os_hash_algo");
    if (!os_hash_value) fail("bad_request", "Input field 'validation_data' has no os_hash_value");
    return { imageId: image_id, url: loc_url, validation: { os_hash_algo, os_hash_value } };
  },
  steps: () => [saveStep, verifyStep, hashStep],
  async onTakeover({ ctx: { deps } }, { imageId }, { runs }) {
    if (runs <= MAX_RUNS) return "resume";
    const image = await imageById(deps, imageId);
    return image.status === "queued" || image.status === "importing" ? "undo" : "resume";
  },
};

/** Errors: not_found, conflict. */
async function move({ ctx, token }: TaskRun, transition: ImageTransition): Promise<ImageRecord> {
  const result = await ctx.deps.db.write.images.transition({ ...transition, task: token, limit: null });
  if (result.outcome === "done") return result.image;
  if (result.outcome !== "status") fail("not_found", `Image ${transition.id} was deleted meanwhile.`);
  return fail(
    "conflict",
    `Image status transition from ${result.status} to ${transition.to} is not allowed`,
  );
}

/** Data to be hashed. */
interface Hashed {
  url: string;
  algorithm: string;
  /** Bytes that its server said it has. */
  size: number | null;
}

/**
 * md5 and the named hash of all bytes, tried up to `http_retries` times. Errors: those of the store's read, internal
 * when there are more or fewer bytes than the server said.
 */
async function hashLocation(run: TaskRun, data: Hashed): Promise<Digests> {
  const attempts = Math.max(1, run.ctx.deps.config.get("DEFAULT.http_retries"));
  for (let attempt = 1;; attempt++) {
    try {
      return await hashOnce(run, data);
    } catch (error) {
      if (run.signal.aborted || attempt >= attempts) throw error;
    }
  }
}

async function hashOnce({ ctx, signal }: TaskRun, { url, algorithm, size }: Hashed): Promise<Digests> {
  const store = ctx.deps.stores.forLocation({ url, metadata: {} }) ?? fail("store_unknown_scheme");
  const md5 = createHash("md5");
  const hash = createHash(nodeAlgorithm(algorithm, HASHING_ALGORITHM));
  const { body } = await store.read(url);
  let bytes = 0;
  const sums = new WritableStream<Uint8Array>({
    write(chunk) {
      md5.update(chunk);
      hash.update(chunk);
      bytes += chunk.length;
    },
  });
  // Ended also while nothing comes: a stop or a deletion must not wait for a web server.
  await body.pipeTo(sums, { signal });
  if (size !== null && bytes !== size) {
    fail("internal", `The data has ${bytes} bytes, and its server said ${size}.`);
  }
  return { md5: md5.digest("hex"), hash: hash.digest("hex") };
}
