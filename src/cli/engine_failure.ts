/**
 * Runs before main.ts in the executable: the runtime unpacks the native engine of the database into TMPDIR and loads
 * it from there before any line of main.ts runs. This module points TMPDIR to a folder that nobody else can write
 * into, and explains why the engine cannot be loaded.
 */
import { errorText } from "../util/error_text.ts";
import { engineFolder, holdFolder, UnsafeFolder } from "./engine_folder.ts";

const ADVICE = "Set TMPDIR to a directory that is writable, has 10 MB left, and is not mounted noexec.";

/** The text to print, and the exit code. */
interface EngineFailure {
  text: string;
  code: number;
}

/**
 * The text and the exit code for an error of loading the engine: 5, as for every configuration error, when another
 * TMPDIR helps. Null for any other error.
 */
export function engineFailure(reason: unknown): EngineFailure | null {
  const message = reason instanceof Error ? reason.message : "";
  // Either `Failed to write native addon … to '/folder/name.node' …`, or dlopen's `/folder/name.node: …`.
  const written = /^Failed to write native addon .*? to '(\/.*)\/[^/]+\.node'/.exec(message);
  const loaded = /^(\/.*)\/[^/]+\.node: (.*)/.exec(message);
  const folder = written?.[1] ?? loaded?.[1];
  if (folder === undefined) return null;
  // The kernel's error for a file on a file system that is mounted noexec.
  if (!written && !/failed to map segment/.test(message)) {
    return { text: `ERROR: The database engine cannot be loaded: ${message}`, code: 1 };
  }
  const what = written ? "cannot be unpacked into" : "must not be executed in";
  return { text: `ERROR: The database engine ${what} ${folder}. ${ADVICE}`, code: 5 };
}

/** The failure when `parent` has no folder for the engine. */
export function folderFailure(parent: string, error: unknown): EngineFailure {
  const reason = errorText(error);
  if (error instanceof UnsafeFolder) {
    const text =
      `ERROR: The database engine is not loaded from ${parent}: ${reason}. Remove it, or set TMPDIR to ` +
      "another directory.";
    return { text, code: 5 };
  }
  return {
    text: `ERROR: The database engine cannot be unpacked into ${parent}: ${reason}. ${ADVICE}`,
    code: 5,
  };
}

function end({ text, code }: EngineFailure): never {
  console.error(text);
  Deno.exit(code);
}

/** Where the engine is unpacked: the name for people, and the path for the runtime. */
let unpacked: { folder: string; path: string } | null = null;

if (Deno.build.standalone) {
  const parent = Deno.env.get("TMPDIR") || "/tmp";
  const uid = Deno.uid()!;
  try {
    const folder = engineFolder(parent, uid);
    unpacked = { folder, path: holdFolder(folder, uid).path };
    // Never closed: the writer's thread loads the engine again. Programs that we start do not need TMPDIR.
    Deno.env.set("TMPDIR", unpacked.path);
  } catch (error) {
    end(folderFailure(parent, error));
  }
}

globalThis.addEventListener("unhandledrejection", ({ reason }) => {
  const failure = engineFailure(reason);
  if (!failure) return;
  end(unpacked ? { ...failure, text: failure.text.replaceAll(unpacked.path, unpacked.folder) } : failure);
});
