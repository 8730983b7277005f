/** Paste files: which pipeline there is, what its options do, and which starts are refused (docs/reference/configuration.md §4). */
import assert from "node:assert/strict";
import { type Config, configFrom, loadConfig } from "../../src/config/config.ts";
import { isError } from "../../src/errors.ts";
import { withPaste } from "../../src/paste/apply.ts";
import { AUTHTOKEN, COMMON, CORS, pasteOf, SHIPPED, withPasteFile } from "../support/paste.ts";

/** The configuration with a paste file of this text, and what was said of it. */
function pasted(
  text: string,
  options: Record<string, string> = {},
): Promise<{ config: Config; said: string[] }> {
  return withPasteFile(text, (path) => {
    const said: string[] = [];
    const log = { info: () => {}, warn: (line: string) => void said.push(line.replaceAll(path, "PASTE")) };
    try {
      return { config: withPaste(configFrom({ ...options, "paste_deploy.config_file": path }), log), said };
    } catch (error) {
      if (isError(error, "config")) throw new Error(error.message.replaceAll(path, "PASTE"));
      throw error;
    }
  });
}

for (const [release, text] of Object.entries(SHIPPED)) {
  for (
    const flavor of [
      "",
      "caching",
      "cachemanagement",
      "keystone",
      "keystone+caching",
      "keystone+cachemanagement",
    ]
  ) {
    Deno.test(`the file of Glance ${release} as it is shipped, flavor "${flavor}"`, async () => {
      const { config, said } = await pasted(text, { "paste_deploy.flavor": flavor });
      assert.equal(config.get("paste_deploy.flavor"), flavor || null);
      assert.deepEqual(said, []);
      assert.equal(config.get("keystone_authtoken.delay_auth_decision"), true);
      assert.equal(config.get("healthcheck.disable_by_file_path"), "/etc/glance/healthcheck_disable");
      assert.match(config.source("healthcheck.disable_by_file_path"), /glance-api-paste\.ini:\d+$/);
    });
  }
}

const CHOSEN: [name: string, text: string, options: Record<string, string>, flavor: string | null][] = [
  ["no flavor, and a pipeline that asks Keystone", pasteOf("authtoken context"), {}, "keystone"],
  [
    "a pipeline over lines",
    pasteOf("cors\n  healthcheck\n\n  # why\n  authtoken\n    context"),
    {},
    "keystone",
  ],
  [
    "an own flavor",
    pasteOf("unauthenticated-context") +
    "[pipeline:glance-api-ours]\npipeline = authtoken context cache rootapp\n",
    { "paste_deploy.flavor": "ours" },
    "keystone+caching",
  ],
  [
    "flavor keystone, and a pipeline that lets everybody in",
    "[pipeline:glance-api-keystone]\npipeline = unauthenticated-context rootapp\n" + pasteOf("context"),
    { "paste_deploy.flavor": "keystone" },
    null,
  ],
  [
    "filters by egg, in sections indented, with names of another kind",
    `  [pipeline: glance-api ]
  pipeline: a b rootapp
  [filter:a]
  use = egg:keystonemiddleware#auth_token
  [filter:b]
  use = c
  [filter:c]
  paste.filter_factory = glance.api.middleware.context:ContextMiddleware.factory
` + COMMON + AUTHTOKEN,
    {},
    "keystone",
  ],
  [
    "filter-with and filter-app",
    `[filter-app:glance-api]
use = authtoken
next = inner
[pipeline:inner]
pipeline = context v2
[composite:v2]
use = egg:Paste#urlmap
/v2/ = apiv2app
` + COMMON + AUTHTOKEN,
    {},
    "keystone",
  ],
];
for (const [name, text, options, flavor] of CHOSEN) {
  Deno.test(`the pipeline decides: ${name}`, async () => {
    assert.equal((await pasted(text, options)).config.get("paste_deploy.flavor"), flavor);
  });
}

Deno.test("options in the sections of the pipeline beat all others, under old names too", async () => {
  const more = `${AUTHTOKEN}auth_uri = https://public:5000
password = pa$$w%%rd
username = pasted
memcache_servers = a:1,b:2
service_token_roles_required = no
${CORS}allowed_origin = http://a, http://b
allow_methods = GET
[filter:healthcheck]
paste.filter_factory = oslo_middleware:Healthcheck.factory
backends = disable_by_file
disable_by_file_path = %(here)s/off
detailed = True
`;
  const text = pasteOf("cors healthcheck http_proxy_to_wsgi authtoken context", more);
  const { config, said } = await pasted(text, {
    "cors.allowed_origin": "http://c",
    "keystone_authtoken.auth_section": "login",
    "login.username": "filed",
    "keystone_authtoken.service_token_roles_required": "true",
    "oslo_middleware.enable_proxy_headers_parsing": "true",
  });
  assert.deepEqual(config.get("cors.allowed_origin"), ["http://a", "http://b"]);
  assert.deepEqual(config.get("cors.allow_methods"), ["GET"]);
  assert.equal(config.get("keystone_authtoken.www_authenticate_uri"), "https://public:5000");
  assert.equal(config.get("keystone_authtoken.password"), "pa$$w%rd");
  assert.equal(config.get("keystone_authtoken.username"), "pasted");
  assert.deepEqual(config.get("keystone_authtoken.memcached_servers"), ["a:1", "b:2"]);
  assert.equal(config.get("keystone_authtoken.service_token_roles_required"), false);
  assert.equal(config.get("oslo_middleware.enable_proxy_headers_parsing"), true);
  assert.match(config.get("healthcheck.disable_by_file_path"), /oneglance-paste-\w+\/off$/);
  assert.equal(config.get("healthcheck.detailed"), true);
  assert.deepEqual(said, []);
});

Deno.test("what the pipeline has no filter for is off, and that is said", async () => {
  const { config, said } = await pasted(pasteOf("authtoken context"), {
    "cors.allowed_origin": "http://c",
    "oslo_middleware.enable_proxy_headers_parsing": "true",
  });
  assert.deepEqual(config.get("cors.allowed_origin"), []);
  assert.equal(config.get("oslo_middleware.enable_proxy_headers_parsing"), false);
  assert.deepEqual(said, [
    "test:1: cors.allowed_origin has no effect: PASTE:2 has no filter for it",
    "test:2: oslo_middleware.enable_proxy_headers_parsing has no effect: PASTE:2 has no filter for it",
  ]);
});

Deno.test("auth_token decides by itself unless the file or the configuration says otherwise", async () => {
  const text = pasteOf("authtoken context", AUTHTOKEN.replace(/delay.*\n/, ""));
  const key = "keystone_authtoken.delay_auth_decision";
  assert.equal((await pasted(text)).config.get(key), false);
  assert.equal((await pasted(text, { [key]: "true" })).config.get(key), true);
});

const SAID: [name: string, text: string, options: Record<string, string>, said: RegExp][] = [
  [
    "an option that is not known",
    pasteOf("authtoken context", `${AUTHTOKEN}made_up = 1\n`),
    {},
    /^PASTE:\d+: the option made_up of authtoken/,
  ],
  [
    "compression",
    pasteOf("gzip authtoken context"),
    {},
    /^PASTE:2: the filter gzip \(glance\.api\.middleware\.gzip:/,
  ],
  [
    "a filter that the operator does without",
    pasteOf(
      "audit authtoken context",
      `${AUTHTOKEN}[filter:audit]\npaste.filter_factory = keystonemiddleware.audit:filter_factory\n`,
    ),
    { "oneglance.ignored_paste_filters": "audit" },
    /^PASTE:2: the filter audit \(keystonemiddleware\.audit:filter_factory\) is left out/,
  ],
];
for (const [name, text, options, expected] of SAID) {
  Deno.test(`said with file and line: ${name}`, async () => {
    const { config, said } = await pasted(text, options);
    assert.equal(config.get("paste_deploy.flavor"), "keystone");
    assert.equal(said.length, 1, said.join());
    assert.match(said[0]!, expected);
  });
}

const OWN = (factory: string) => `${AUTHTOKEN}[filter:own]\npaste.filter_factory = ${factory}\n`;
const REFUSED: [name: string, text: string, options: Record<string, string>, reason: RegExp][] = [
  [
    "a filter that is not known",
    pasteOf("own authtoken context", OWN("ours.limit:factory")),
    {},
    /^PASTE:2: the filter own \(ours\.limit:factory\) is unknown.*ignored_paste_filters/,
  ],
  [
    "a limit of bodies",
    pasteOf("own authtoken context", OWN("oslo_middleware:RequestBodySizeLimiter.factory")),
    {},
    /^PASTE:2: .*RequestBodySizeLimiter/,
  ],
  [
    "a password of everybody",
    pasteOf("own unauthenticated-context", OWN("egg:oslo.middleware#basic_auth")),
    {},
    /^PASTE:2: .*basic_auth/,
  ],
  [
    "an own class of auth_token",
    pasteOf("own context", OWN("ours.auth_token:filter_factory")),
    {},
    /^PASTE:2: .*ours\.auth_token/,
  ],
  [
    "authtoken is ignored",
    pasteOf("context", AUTHTOKEN),
    { "oneglance.ignored_paste_filters": "authtoken" },
    /^PASTE:2: glance-api believes identity headers/,
  ],
  ["headers of anybody", pasteOf("context"), {}, /^PASTE:2: glance-api believes identity headers/],
  [
    "authtoken behind context",
    pasteOf("context authtoken"),
    {},
    /^PASTE:2: .*no authtoken stands before context/,
  ],
  [
    "everybody an administrator behind authtoken",
    pasteOf("authtoken unauthenticated-context"),
    {},
    /^PASTE:2: .*authtoken and unauthenticated-context/,
  ],
  [
    "everybody an administrator behind context",
    pasteOf("authtoken context unauthenticated-context"),
    {},
    /^PASTE:2: .*context and unauthenticated-context/,
  ],
  ["nobody says who it is", pasteOf("authtoken"), {}, /^PASTE:2: .*neither context nor/],
  [
    "a flavor the file does not have",
    pasteOf("authtoken context"),
    { "paste_deploy.flavor": "keystone" },
    /^test:1: \[paste_deploy\] flavor = keystone: PASTE has no \[pipeline:glance-api-keystone\], only glance-api\.$/,
  ],
  ["an empty file", "", {}, /^PASTE has no \[pipeline:glance-api\]\.$/],
  [
    "a filter without a section",
    pasteOf("authtoken nothing context"),
    {},
    /^PASTE:2: there is no section \[filter:nothing\]/,
  ],
  [
    "a circle",
    "[pipeline:glance-api]\npipeline = glance-api\n",
    {},
    /^PASTE:2: "glance-api" refers to itself/,
  ],
  [
    "a pipeline with other keys",
    "[pipeline:glance-api]\npipeline = rootapp\nx = y\n" + COMMON,
    {},
    /^PASTE:3: "x" does not belong/,
  ],
  [
    "two factories",
    pasteOf("own authtoken context", `${OWN("a:b")}paste.filter_app_factory = c:d\n`),
    {},
    /names two factories/,
  ],
  [
    "another file",
    pasteOf("authtoken context", `${AUTHTOKEN}\n[app:x]\nuse = config:other.ini\n`).replace(
      "/: apiversions",
      "/: x",
    ),
    {},
    /other paste files are not read/,
  ],
  [
    "the API at another path",
    pasteOf("authtoken context").replace("/v2:", "/v3:"),
    {},
    /the Image API is at \/v3/,
  ],
  ["no API", pasteOf("authtoken context").replace("/v2: apiv2app\n", ""), {}, /has no Image API at \/v2/],
  [
    "hosts",
    pasteOf("authtoken context").replace("/v2: apiv2app", "domain a.example /v2: apiv2app"),
    {},
    /not hosts or ports/,
  ],
  [
    "the same section twice",
    pasteOf("authtoken context") + AUTHTOKEN,
    {},
    /^PASTE:\d+: the section \[filter:authtoken\] is already in line \d+/,
  ],
  [
    "a % alone",
    pasteOf("authtoken context", `${AUTHTOKEN}password = 5%\n`),
    {},
    /^PASTE:\d+: password: a % must be written %%/,
  ],
  [
    "a reference to nothing",
    pasteOf("authtoken context", `${AUTHTOKEN}password = %(nowhere)s\n`),
    {},
    /there is no key "nowhere"/,
  ],
  ["no INI", "hello\n", {}, /^PASTE:1: expected a \[section\]/],
  [
    "a wrong value",
    pasteOf("authtoken context", `${AUTHTOKEN}insecure = maybe\n`),
    {},
    /^PASTE:\d+: \[keystone_authtoken\] insecure = maybe/,
  ],
];
for (const [name, text, options, reason] of REFUSED) {
  Deno.test(`refused with file and line: ${name}`, async () => {
    await assert.rejects(
      pasted(text, options),
      ({ message }: Error) => reason.test(message) || assert.fail(message),
    );
  });
}

Deno.test("no error and no warning holds a password of the paste file", async () => {
  const text = pasteOf("authtoken context", `${AUTHTOKEN}password = hu%sh\n`);
  await assert.rejects(pasted(text), (error: Error) => !error.message.includes("hu%sh"));
});

Deno.test("where it is looked for: config_file, else beside the configuration files, the last first", async () => {
  await withPasteFile(pasteOf("authtoken context"), async (path) => {
    const folder = path.slice(0, path.lastIndexOf("/"));
    const log = { info: () => {}, warn: () => {} };
    for (const name of ["glance-api.conf", "other.conf"]) await Deno.writeTextFile(`${folder}/${name}`, "");
    const load = (names: string[]) =>
      withPaste(
        loadConfig({
          prog: "glance-api",
          sources: names.map((name) => ({ kind: "file", path: `${folder}/${name}` })),
          searchPath: [],
        }),
        log,
      ).get("paste_deploy.flavor");
    assert.equal(load(["glance-api.conf"]), "keystone");
    assert.equal(load(["glance-api.conf", "other.conf"]), "keystone");
    assert.equal(load(["other.conf"]), null, "no paste file: flavor decides");
    await Deno.writeTextFile(`${folder}/other-paste.ini`, pasteOf("unauthenticated-context"));
    assert.equal(load(["glance-api.conf", "other.conf"]), null);
    assert.throws(
      () => withPaste(configFrom({ "paste_deploy.config_file": `${folder}/none.ini` }), log),
      (error) => isError(error, "config") && /^test:1: .*none\.ini does not exist/.test(error.message),
    );
  });
});
