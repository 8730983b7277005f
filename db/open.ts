/** The one way to a database. */
import { type ConnSettings, PLAIN, settle } from "./conn_settings.ts";
import { parseConnection } from "./connection.ts";
import { type Database, readsOn, writesBy } from "./database.ts";
import { toGlanceError } from "./engines/engine_error.ts";
import { FileWatch } from "./engines/file_watch.ts";
import { migrateFile, openReader, prepareFile, requireLocks } from "./engines/open_file.ts";
import { type MariadbSettings, openMariadb, withMariadb } from "./engines/mariadb.ts";
import { Remembered } from "./engines/remembered.ts";
import { migrateRemote, openRemote } from "./engines/remote.ts";
import { Writer } from "./engines/writer.ts";
import { migrate } from "./migrations/migrate.ts";
import { requireSynced } from "./migrations/state.ts";

interface OpenOptions {
  /** The text of `[database] connection`. */
  connection: string;
  /** The module of the writer's thread (`workers.ts`): in the compiled binary it lies elsewhere than here. */
  writerUrl: URL;
  /** Accept a network file system. */
  force?: boolean;
  /** `require` (default): refuse a database that is not synced. `auto`: make or complete it, and its directory. */
  sync?: "require" | "auto";
  /** Default: no notifications, URLs of locations in clear. */
  settings?: ConnSettings;
  /** What `[database]` says about a MariaDB; default: its defaults. */
  mariadb?: MariadbSettings;
}

/**
 * Opens a database. Errors: config for a connection text that cannot be used, database for a file or schema that
 * cannot, unavailable when another process holds it too long.
 */
export async function openDatabase(options: OpenOptions): Promise<Database> {
  const connection = parseConnection(options.connection);
  // Before anything is made: a key that cannot be used is refused.
  if (options.settings) settle(options.settings);
  try {
    if (connection.kind === "mariadb") {
      if (options.sync === "auto") await withMariadb(connection, migrate, options.mariadb);
      return await openMariadb(connection, options.mariadb, options.settings);
    }
    if (connection.kind === "remote") {
      if (options.sync === "auto") await migrateRemote(connection);
      return await openRemote(connection, options.settings);
    }
    return await openFile(connection.path, options);
  } catch (error) {
    throw toGlanceError(error);
  }
}

async function openFile(
  file: string,
  { writerUrl, force = false, sync, settings = PLAIN }: OpenOptions,
): Promise<Database> {
  const path = prepareFile(file, { create: sync === "auto", force });
  if (sync === "auto") await migrateFile(path);
  const reader = await openReader(path, settings);
  try {
    await requireSynced(reader);
    const writer = await Writer.start(writerUrl, path, settings, () => requireLocks(reader));
    const watch = new FileWatch(path);
    return {
      read: readsOn(new Remembered(reader)),
      // deno-lint-ignore require-await -- what is thrown must be a rejection
      write: writesBy(async (name, input) => {
        watch.requireInPlace();
        return writer.send(name, input);
      }),
      onEvents(listener) {
        writer.onEvents = listener;
      },
      close: async () => {
        watch.close();
        await writer.close();
        reader.close();
      },
    };
  } catch (error) {
    reader.close();
    throw error;
  }
}
