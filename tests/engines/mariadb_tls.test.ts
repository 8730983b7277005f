/** TLS to a real MariaDB with an authority of its own, and what errors and logs say of a connection. */
import assert from "node:assert/strict";
import { parseConnection } from "../../db/connection.ts";
import { MARIADB_DEFAULTS, withMariadb } from "../../db/engines/mariadb.ts";
import { missing } from "../support/installed.ts";
import { TEST_CA, TEST_CERT, TEST_KEY, TIMED_CA } from "../support/tls.ts";
import { MARIADB_COMMANDS, startMariadb } from "./mariadb.ts";

const ONCE = { ...MARIADB_DEFAULTS, start: { attempts: 1, seconds: 0 } };
const USERS = [
  "CREATE USER secure@'%' IDENTIFIED BY ? REQUIRE SSL",
  "CREATE USER certified@'%' IDENTIFIED BY ? REQUIRE X509",
];
/** Deno 2.4, with which CI compiles, leaves a certificate of ours out. */
const LEFT_OUT = /^2\.[0-8]\./.test(Deno.version.deno) ? /sends no client certificate/ : null;
const PASSWORD = encodeURIComponent("geheim@/?%");

Deno.test({
  name: "TLS to a MariaDB with an authority of its own",
  ignore: missing(...MARIADB_COMMANDS),
  async fn(t) {
    const dir = await Deno.makeTempDir({ prefix: "oneglance_tls_" });
    await Deno.chmod(dir, 0o755);
    const file = async (name: string, text: string) => {
      await Deno.writeTextFile(`${dir}/${name}`, text, { mode: 0o644 });
      return `${dir}/${name}`;
    };
    const [ca, cert, key, otherCa] = [
      await file("ca.pem", TEST_CA),
      await file("cert.pem", TEST_CERT),
      await file("key.pem", TEST_KEY),
      await file("other.pem", TIMED_CA),
    ];
    try {
      await using server = await startMariadb(1, [`ssl-ca=${ca}`, `ssl-cert=${cert}`, `ssl-key=${key}`]);
      const [port] = server.ports;
      const connect = (user: string, host: string, query: string) => {
        const target = parseConnection(
          `mysql+pymysql://${user}@${host}:${port}/information_schema?charset=utf8${query}`,
        );
        if (target.kind !== "mariadb") throw new Error("not the URL of a MariaDB");
        const look =
          "SELECT variable_value AS v FROM information_schema.session_status WHERE variable_name = 'Ssl_version'";
        return withMariadb(target, async (conn) => String((await conn.one(look))?.v), ONCE);
      };
      for (const statement of USERS) {
        await withMariadb(
          parseConnection(`mysql://root@127.0.0.1:${port}/mysql`) as Parameters<typeof withMariadb>[0],
          (conn) => Promise.resolve(conn.run(statement, ["geheim@/?%"])),
        );
      }
      const secure = `secure:${PASSWORD}`;
      const certified = `certified:${PASSWORD}`;
      const rows: [what: string, user: string, host: string, query: string, refused: RegExp | null][] = [
        ["the authority's file", secure, "localhost", `&ssl_ca=${ca}`, null],
        ["encrypted, not verified", secure, "localhost", "&ssl=true", null],
        ["another authority", secure, "localhost", `&ssl_ca=${otherCa}`, /certificate|Issuer/],
        [
          "another authority, not verified",
          secure,
          "localhost",
          `&ssl_ca=${otherCa}&ssl_verify_cert=false`,
          null,
        ],
        ["the system's authorities", secure, "localhost", "&ssl_verify_cert=true", /certificate|Issuer/],
        [
          "an address that the certificate does not name",
          secure,
          "127.0.0.1",
          `&ssl_ca=${ca}`,
          /127\.0\.0\.1/,
        ],
        ["a file that is not there", secure, "localhost", `&ssl_ca=${dir}/none.pem`, /ssl_ca cannot be read/],
        ["no TLS where the server asks for it", secure, "localhost", "", /Access denied/],
        [
          "a certificate of ours",
          certified,
          "localhost",
          `&ssl_ca=${ca}&ssl_cert=${cert}&ssl_key=${key}`,
          LEFT_OUT,
        ],
        ["none where the server asks for one", certified, "localhost", `&ssl_ca=${ca}`, /Access denied/],
        ["a wrong password", "secure:falsch", "localhost", `&ssl_ca=${ca}`, /Access denied/],
      ];
      for (const [what, user, host, query, refused] of rows) {
        await t.step(what, async () => {
          const done = connect(user, host, query);
          if (refused === null) return assert.match(await done, query === "" ? /^$/ : /^TLSv1/);
          await assert.rejects(done, (error) => {
            const all = Deno.inspect(error, { depth: 10 });
            return refused.test(all) && !all.includes("geheim") && !all.includes("falsch");
          });
        });
      }
    } finally {
      await Deno.remove(dir, { recursive: true });
    }
  },
});
