/** SIGHUP: the log opens its file anew and reads its levels again; other options act from the next start. */
import type { Config } from "../config/config.ts";
import { levelsOf } from "../observe/configure_logging.ts";
import { getLog, reopenLog, setLevels } from "../observe/log.ts";

/** What a running service reads again, as oslo does. */
const READ_AGAIN = ["DEFAULT.debug", "DEFAULT.default_log_levels", "DEFAULT.log_config_append"];

/**
 * Makes what a SIGHUP calls; it says in the log what it did, and never throws.
 * @param running the options that the service runs with
 * @param load reads the configuration anew
 */
export function makeHangUp(running: Config, load: () => Config): () => void {
  let known = textsOf(running);
  const log = getLog("oneglance.server");
  return () => {
    let opened = "log files were opened anew";
    try {
      reopenLog();
    } catch (error) {
      opened = "the log file was not opened anew";
      log.warn("SIGHUP: the log file cannot be opened anew, the one from before is written on", { error });
    }
    let changed: string[];
    try {
      const config = load();
      setLevels(levelsOf(config));
      const texts = textsOf(config);
      changed = [...texts.keys()].filter((key) => texts.get(key) !== known.get(key));
      for (const key of READ_AGAIN) known = new Map(known).set(key, texts.get(key)!);
    } catch (error) {
      return log.warn(`SIGHUP: ${opened}; the configuration was not read again`, { error });
    }
    const acts = READ_AGAIN.filter((key) => changed.includes(key)).map(named);
    const waits = changed.filter((key) => !READ_AGAIN.includes(key)).map(named);
    log.info(
      `SIGHUP: ${opened} and the levels of the log read again` +
        (acts.length === 0 ? ", with nothing changed in those" : `; changed: ${acts.join(", ")}`),
    );
    if (waits.length > 0) {
      log.warn(`SIGHUP: ${waits.join(", ")}: changed in the configuration, but acts from the next start on`);
    }
  };
}

/** Secrets are masked in these texts, so that a change of one is not seen. */
function textsOf(config: Config): Map<string, string> {
  return new Map([...config.list()].map(([group, name, text]) => [`${group}.${name}`, text]));
}

function named(key: string): string {
  const dot = key.indexOf(".");
  return `[${key.slice(0, dot)}] ${key.slice(dot + 1)}`;
}
