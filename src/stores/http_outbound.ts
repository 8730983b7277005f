import type { Config } from "../config/config.ts";

/** Trust of the http store's requests (spec/stores.md §3): a CA file wins, else `https_insecure`, true by default. */
export function httpStoreTrust(
  config: Pick<Config, "get" | "store">,
): { insecure: boolean; caFile: string | null } {
  const backends = config.get("DEFAULT.enabled_backends");
  const id = backends && [...backends].find(([, type]) => type === "http" || type === "https")?.[0];
  const options = config.store(id ?? null);
  const caFile = options.get("https_ca_certificates_file");
  return { caFile, insecure: !caFile && options.get("https_insecure") };
}
