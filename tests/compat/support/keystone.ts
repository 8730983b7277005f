/** A real Keystone for the tests: the one that this run shares, else a new one. */
import { command, must } from "./processes.ts";

const SCRIPTS = new URL("../keystone/", import.meta.url).pathname;

/** A running Keystone. */
export interface Keystone {
  /** The folder that tests/compat/keystone/up.sh filled. */
  work: string;
  /** Its v3 address. */
  url: string;
  /** The password of every user (tests/compat/keystone/seed.py). */
  password: string;
  /** Ids by name. */
  ids: { projects: Record<string, string>; users: Record<string, string> };
  /** Adds an image service to the catalog, by default in a new region; returns the region. */
  publish(imageUrl: string, options?: { type?: string; region?: string }): Promise<string>;
  /** Stops Keystone, unless the whole run shares it. */
  stop(): Promise<void>;
}

/**
 * Returns the Keystone whose folder `ONEGLANCE_KEYSTONE_WORK` names (started by tests/compat/keystone/up.sh), or starts
 * a new one in a temporary folder. The start takes half a minute; needs Debian's keystone and uwsgi-plugin-python3.
 */
export async function startKeystone(): Promise<Keystone> {
  const shared = Deno.env.get("ONEGLANCE_KEYSTONE_WORK");
  const work = shared ?? await Deno.makeTempDir({ prefix: "oneglance_keystone_" });
  const stop = async () => {
    if (shared === undefined) await must(`${SCRIPTS}down.sh`, [work, "--wipe"]);
  };
  if (shared === undefined) {
    const { code, stderr } = await command(`${SCRIPTS}up.sh`, [work], { timeout: 300_000 });
    if (code !== 0) {
      await stop();
      throw new Error(`keystone: ${stderr}`);
    }
  }
  const [url, password, ids] = await Promise.all(
    ["url", "password", "ids.json"].map((name) => Deno.readTextFile(`${work}/${name}`)),
  );
  const found = { url: url!.trim(), password: password!.trim() };
  return {
    ...found,
    work,
    ids: JSON.parse(ids!),
    async publish(imageUrl, { type = "image", region = `port_${new URL(imageUrl).port}` } = {}) {
      const script = `${SCRIPTS}endpoint.py`;
      await must("/usr/bin/python3", [script, found.url, found.password, imageUrl, region, type]);
      return region;
    },
    stop,
  };
}

/** The users of seed.py and their projects. */
export const PROJECT_OF = {
  admin: "admin",
  demo: "demo",
  reader: "demo",
  demoadmin: "demo",
  alt: "alt",
  altreader: "alt",
  glance: "service",
  nova: "service",
} as const;

/** One of the users of seed.py. */
export type UserName = keyof typeof PROJECT_OF;

/** Returns a token of a user for its project. */
export async function tokenOf(keystone: Keystone, user: UserName): Promise<string> {
  const domain = { id: "default" };
  const body = {
    auth: {
      identity: {
        methods: ["password"],
        password: { user: { name: user, domain, password: keystone.password } },
      },
      scope: { project: { name: PROJECT_OF[user], domain } },
    },
  };
  const answer = await fetch(`${keystone.url}/auth/tokens`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  const text = await answer.text();
  const token = answer.headers.get("x-subject-token");
  if (token === null) throw new Error(`keystone: no token for ${user}: ${answer.status} ${text}`);
  return token;
}

/**
 * Returns the environment in which `glance` and `openstack` act as a user, at the image service of a region. `home` is
 * a folder for their caches: glanceclient takes its options from a schema that an earlier run left there.
 */
export function clientEnvironment(
  keystone: Keystone,
  user: UserName,
  region: string,
  home: string,
): Record<string, string> {
  return {
    HOME: home,
    OS_AUTH_URL: keystone.url,
    OS_USERNAME: user,
    OS_PASSWORD: keystone.password,
    OS_PROJECT_NAME: PROJECT_OF[user],
    OS_USER_DOMAIN_ID: "default",
    OS_PROJECT_DOMAIN_ID: "default",
    OS_REGION_NAME: region,
    OS_IDENTITY_API_VERSION: "3",
    OS_IMAGE_API_VERSION: "2",
  };
}
