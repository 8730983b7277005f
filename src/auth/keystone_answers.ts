/** The parts of Keystone's answers that oneglance reads (Identity API v3). */
import * as v from "valibot";

const Domain = v.object({ id: v.nullish(v.string()), name: v.nullish(v.string()) });
const Actor = v.object({ id: v.string(), name: v.nullish(v.string()), domain: v.nullish(Domain) });

const Endpoint = v.object({
  url: v.nullish(v.string()),
  interface: v.nullish(v.string()),
  region: v.nullish(v.string()),
  region_id: v.nullish(v.string()),
});

/** An entry of a v3 catalog. */
export const Service = v.object({
  type: v.string(),
  name: v.nullish(v.string()),
  endpoints: v.nullish(v.array(Endpoint), []),
});

/** A rule of an application credential. */
const AccessRule = v.object({ service: v.string(), method: v.string(), path: v.string() });

/** The body of a token. */
export const Token = v.object({
  user: Actor,
  project: v.nullish(Actor),
  domain: v.nullish(Domain),
  system: v.nullish(v.looseObject({ all: v.nullish(v.boolean()) })),
  roles: v.nullish(v.array(v.object({ name: v.string() })), []),
  catalog: v.nullish(v.array(Service)),
  is_admin_project: v.nullish(v.boolean()),
  expires_at: v.pipe(v.string(), v.check((text) => !Number.isNaN(Date.parse(text)))),
  application_credential: v.nullish(v.object({ access_rules: v.nullish(v.array(AccessRule)) })),
});

/** Answer of GET and POST /v3/auth/tokens. */
export const TokenAnswer = v.object({ token: Token });

const Version = v.object({
  id: v.string(),
  links: v.nullish(v.array(v.object({ rel: v.string(), href: v.string() })), []),
});

/** Answer of the root (many versions) and of /v3 (one). */
export const VersionsAnswer = v.union([
  v.object({ versions: v.object({ values: v.array(Version) }) }),
  v.object({ versions: v.array(Version) }),
  v.object({ version: Version }),
]);

export type Token = v.InferOutput<typeof Token>;
export type Service = v.InferOutput<typeof Service>;
export type AccessRule = v.InferOutput<typeof AccessRule>;
