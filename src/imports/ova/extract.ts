/** Puts the disk of a staged OVA in the archive's place (docs/reference/background-jobs.md §4.3). */
import type { Config } from "../../config/config.ts";
import { fail } from "../../errors.ts";
import { writeError } from "../../stores/file_disk.ts";
import { decompressStaged } from "../plugins/decompress.ts";
import type { PluginJob } from "../plugins/plugin.ts";
import { openStaged } from "../steps.ts";
import { readDescriptor } from "./ovf.ts";
import { readAt, type TarMember, tarMembers } from "./tar.ts";

/** Bytes of an OVF descriptor that are read at most. */
const MAX_OVF = 1 << 20;
const CHUNK = 1 << 20;

/** The properties that the descriptor gives the image. Errors: bad_request, too_large, store_full, store_write_denied; the signal's reason. */
export async function extractDisk(job: PluginJob): Promise<Record<string, string>> {
  const { ctx: { deps: { config } }, path, signal } = job;
  const extracted = `${path}.extracted`;
  try {
    using archive = await openStaged(path);
    const members = await tarMembers(archive);
    const ovf = members.find(({ name }) => /\.ovf$/i.test(name)) ??
      fail("bad_request", "Could not find OVF file in OVA archive file.");
    if (ovf.size > MAX_OVF) fail("bad_request", `The OVF file has more than ${MAX_OVF} bytes.`);
    const xml = new TextDecoder().decode(await readAt(archive, ovf.offset, ovf.size));
    const { disk, gzip, properties } = readDescriptor(xml, wantedSettings(config));
    const place = folderOf(ovf.name) + disk;
    const member = members.find(({ name }) => flat(name) === place) ??
      fail("bad_request", `The archive has no file ${disk}, which the OVF file names.`);
    await copyOut(archive, member, extracted, signal);
    await Deno.rename(extracted, path);
    if (gzip) await decompressStaged(job, "gzip");
    return properties;
  } catch (error) {
    await Deno.remove(extracted).catch(() => {});
    throw writeError(error);
  }
}

/** The name of a member without the steps that lead nowhere, which `tar` writes in front when it is given a folder. */
function flat(name: string): string {
  return name.replace(/^(\.\/+)+/, "");
}

/** With its slash; empty for a file in no folder. */
function folderOf(name: string): string {
  return flat(name).replace(/[^/]*$/, "");
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
