/** `[oslo_limit]`: how limits are read (docs/reference/configuration.md §14). */
import { readServiceLogin, type ServiceLogin } from "../auth/service_login.ts";
import type { Config } from "../config/config.ts";
import { fail } from "../errors.ts";

/** The endpoint whose service and region have the limits: by id, or by its attributes. */
export type LimitEndpoint =
  | { id: string }
  | { serviceName: string | null; serviceType: string | null; region: string | null; interface: string };

export interface LimitSettings {
  login: ServiceLogin;
  endpoint: LimitEndpoint;
  /** Keystone's URL instead of the catalog's. */
  keystoneUrl: string | null;
  /** Keystone's endpoints in the catalog, best first. */
  interfaces: readonly string[];
  region: string | null;
}

/**
 * Reads the settings.
 * @throws GlanceError `config` when the login is incomplete or the endpoint of this service is not set
 */
export function readLimitSettings(config: Pick<Config, "get">): LimitSettings {
  const interfaces = config.get("oslo_limit.valid_interfaces");
  return {
    login: readServiceLogin(config, "oslo_limit"),
    endpoint: readEndpoint(config),
    keystoneUrl: config.get("oslo_limit.endpoint_override"),
    interfaces: interfaces.length > 0 ? interfaces : ["public"],
    region: config.get("oslo_limit.region_name"),
  };
}

function readEndpoint(config: Pick<Config, "get">): LimitEndpoint {
  const id = config.get("oslo_limit.endpoint_id");
  if (id !== null) return { id };
  const serviceName = config.get("oslo_limit.endpoint_service_name");
  const serviceType = config.get("oslo_limit.endpoint_service_type");
  if (serviceName === null && serviceType === null) {
    fail(
      "config",
      "[oslo_limit] needs endpoint_id, endpoint_service_type or endpoint_service_name.",
    );
  }
  return {
    serviceName,
    serviceType,
    region: config.get("oslo_limit.endpoint_region_name"),
    // The old spelling of keystoneclient.
    interface: config.get("oslo_limit.endpoint_interface").replace(/URL$/, ""),
  };
}
