/** SIGHUP: reopens the log file and reloads the log levels; other options take effect at the next start. */
import type { Config } from "../config/config.ts";
import { levelsOf } from "../observe/configure_logging.ts";
import { getLog, reopenLog, setLevels } from "../observe/log.ts";

/** The options that a running service reloads, as oslo does. */
const READ_AGAIN = ["DEFAULT.debug", "DEFAULT.default_log_levels", "DEFAULT.log_config_append"];

/**
 * Makes the handler of SIGHUP; it logs what it did, and never throws.
 * @param running the current configuration
 * @param load reads the configuration again
 */
export function makeHangUp(running: Config, load: () => Config): () => void {
  let known = textsOf(running);
  const log = getLog("oneglance.server");
  return () => {
    let opened = "reopened the log files";
    try {
      reopenLog();
    } catch (error) {
      opened = "did not reopen the log file";
      log.warn("SIGHUP: the log file cannot be reopened, the previous one stays in use", { error });
    }
    let changed: string[];
    try {
      const config = load();
      setLevels(levelsOf(config));
      const texts = textsOf(config);
      changed = [...texts.keys()].filter((key) => texts.get(key) !== known.get(key));
      for (const key of READ_AGAIN) known = new Map(known).set(key, texts.get(key)!);
    } catch (error) {
      return log.warn(`SIGHUP: ${opened}; could not reload the configuration`, { error });
    }
    const acts = READ_AGAIN.filter((key) => changed.includes(key)).map(named);
    const waits = changed.filter((key) => !READ_AGAIN.includes(key)).map(named);
    log.info(
      `SIGHUP: ${opened} and reloaded the log levels` +
        (acts.length === 0 ? ", which have not changed" : `; changed: ${acts.join(", ")}`),
    );
    if (waits.length > 0) {
      log.warn(`SIGHUP: ${waits.join(", ")}: changed in the configuration, takes effect at the next start`);
    }
  };
}

/** Secrets are masked in these texts, so a changed secret is not detected. */
function textsOf(config: Config): Map<string, string> {
  return new Map([...config.list()].map(([group, name, text]) => [`${group}.${name}`, text]));
}

function named(key: string): string {
  const dot = key.indexOf(".");
  return `[${key.slice(0, dot)}] ${key.slice(dot + 1)}`;
}
