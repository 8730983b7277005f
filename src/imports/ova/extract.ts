/** Puts the disk of a staged OVA in the archive's place (spec/background-jobs.md §4.3). */
import type { Config } from "../../config/config.ts";
import { fail } from "../../errors.ts";
import { writeError } from "../../stores/file_errors.ts";
import { openStaged } from "../staged.ts";
import { readDescriptor } from "./ovf.ts";
import { readAt, type TarMember, tarMembers } from "./tar.ts";

/** Bytes of an OVF descriptor that are read at most. */
const MAX_OVF = 1 << 20;
const CHUNK = 1 << 20;

/** The properties that the descriptor gives the image. Errors: bad_request, store_full, store_write_denied; the signal's reason. */
export async function extractDisk(
  config: Pick<Config, "findFile">,
  path: string,
  signal: AbortSignal,
): Promise<Record<string, string>> {
  const extracted = `${path}.extracted`;
  try {
    using archive = await openStaged(path);
    const members = await tarMembers(archive);
    const ovf = members.find(({ name }) => name.endsWith(".ovf")) ??
      fail("bad_request", "Could not find OVF file in OVA archive file.");
    if (ovf.size > MAX_OVF) fail("bad_request", `The OVF file has more than ${MAX_OVF} bytes.`);
    const xml = new TextDecoder().decode(await readAt(archive, ovf.offset, ovf.size));
    const { disk, properties } = readDescriptor(xml, wantedSettings(config));
    const member = members.find(({ name }) => name === disk) ??
      fail("bad_request", `The archive has no file ${disk}, which the OVF file names.`);
    await copyOut(archive, member, extracted, signal);
    await Deno.rename(extracted, path);
    return properties;
  } catch (error) {
    await Deno.remove(extracted).catch(() => {});
    throw writeError(error);
  }
}

async function copyOut(from: Deno.FsFile, member: TarMember, to: string, signal: AbortSignal): Promise<void> {
  using file = await Deno.open(to, { write: true, createNew: true });
  for (let at = 0; at < member.size; at += CHUNK) {
    signal.throwIfAborted();
    const bytes = await readAt(from, member.offset + at, Math.min(CHUNK, member.size - at));
    for (let done = 0; done < bytes.length;) done += await file.write(bytes.subarray(done));
  }
}

/** `cim_pasd` of ovf-metadata.json. */
function wantedSettings(config: Pick<Config, "findFile">): string[] {
  const file = config.findFile("ovf-metadata.json");
  if (file === null) return [];
  try {
    const { cim_pasd } = JSON.parse(Deno.readTextFileSync(file));
    return Array.isArray(cim_pasd) ? cim_pasd.filter((name) => typeof name === "string") : [];
  } catch (cause) {
    return fail("config", `${file} cannot be read: ${(cause as Error).message}`, { cause });
  }
}
