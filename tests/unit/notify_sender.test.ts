/** The sender: order, repetition, pauses, several processes, and what it gives up. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { configFrom } from "../../src/config/config.ts";
import { openDatabase } from "../../db/open.ts";
import type { Database } from "../../db/database.ts";
import type { LooseEvent } from "../../db/event_records.ts";
import { type Driver, makeDrivers } from "../../src/notify/drivers.ts";
import { eventSettings, makeEvents } from "../../src/notify/events.ts";
import { Scheduler } from "../../src/jobs/scheduler.ts";
import { notifications } from "../../src/jobs/table.ts";
import { makeSender } from "../../src/notify/sender.ts";
import { processName } from "../../src/util/process_name.ts";
import { logged } from "../support/logged.ts";
import { until } from "../support/served.ts";
import { WORKERS } from "../../workers.ts";

const FAST = {
  "oslo_messaging_notifications.driver": "messagingv2",
  "oslo_messaging_rabbit.rabbit_retry_interval": "0",
  "oslo_messaging_rabbit.rabbit_retry_backoff": "0",
};

/** A driver that records what it gets, and fails a given number of times. */
function fakeDriver(failures = 0): Driver & { got: string[]; calls: number; closed: boolean } {
  const driver = {
    got: [] as string[],
    calls: 0,
    closed: false,
    send: (notifications: Parameters<Driver["send"]>[0]) => {
      driver.calls++;
      if (driver.calls <= failures) return Promise.reject(new Error("away"));
      driver.got.push(...notifications.map(({ payload }) => String(payload)));
      return Promise.resolve();
    },
    close: () => {
      driver.closed = true;
      return Promise.resolve();
    },
  };
  return driver;
}

const event = (payload: string): LooseEvent => ({ type: "image.test", payload });

/** The job that sends, at work; null when nobody listens. */
function startSender(
  parts: Parameters<typeof makeSender>[0],
  drivers?: Driver[],
): Scheduler<unknown> | null {
  const sender = makeSender(parts, drivers);
  if (sender === null) return null;
  const jobs = new Scheduler<unknown>(null, [notifications(sender)]);
  parts.db.onEvents(() => jobs.wake("notifications"));
  jobs.start();
  return jobs;
}

async function withOutbox(
  set: Record<string, string>,
  test: (
    parts: Parameters<typeof startSender>[0],
    put: (...payloads: string[]) => Promise<void>,
  ) => Promise<void>,
): Promise<void> {
  const dir = await Deno.makeTempDir();
  const config = configFrom({ ...FAST, ...set });
  const settings = eventSettings(config);
  const db: Database = await openDatabase({
    connection: `sqlite:///${join(dir, "db")}`,
    writerUrl: WORKERS.dbWriter,
    sync: "auto",
    settings: { events: settings, locationKey: null },
  });
  const put = (...payloads: string[]) => db.write.outbox.record({ events: payloads.map(event) });
  try {
    await test({ config, db, events: makeEvents(settings) }, put);
  } finally {
    await db.close();
    await Deno.remove(dir, { recursive: true });
  }
}

const empty = (db: Database) => async () => await db.read.outbox.oldest({ seconds: 0 }) === null;

Deno.test("what waits and what comes is sent in order, once, and removed", () =>
  withOutbox({}, async (parts, put) => {
    const many = Array.from({ length: 250 }, (_, at) => String(at));
    await put(...many);
    const driver = fakeDriver();
    const sender = startSender(parts, [driver])!;
    await until("all sent", empty(parts.db));
    await put("a");
    await put("b");
    await until("all sent", empty(parts.db));
    assert.deepEqual(driver.got, [...many, "a", "b"]);
    await sender.close();
    assert.ok(driver.closed);
    await put("c");
    assert.equal(driver.got.length, 252);
  }));

Deno.test("a driver that fails is retried until it accepts the events; a later driver gets them once", () =>
  withOutbox({}, async (parts, put) => {
    await put("a", "b");
    const first = fakeDriver(3);
    const second = fakeDriver();
    const sender = startSender(parts, [first, second])!;
    await until("all sent", empty(parts.db));
    assert.deepEqual([first.calls, first.got, second.got], [4, ["a", "b"], ["a", "b"]]);
    await sender.close();
  }));

Deno.test("while it fails it pauses; a stop ends the pause, lets go, and another process sends", () =>
  withOutbox({
    "oslo_messaging_rabbit.rabbit_retry_interval": "3600",
    "oslo_messaging_rabbit.rabbit_interval_max": "3600",
  }, async (parts, put) => {
    await put("a");
    const driver = fakeDriver(1);
    const sender = startSender(parts, [driver])!;
    await until("tried", () => driver.calls === 1);
    await until(
      "held",
      async () => (await parts.db.read.outbox.oldest({ seconds: 0 }))?.owner === processName(),
    );
    await put("b");
    const started = Date.now();
    await sender.close();
    assert.ok(Date.now() - started < 5000);
    assert.deepEqual([driver.calls, driver.got], [1, []]);
    assert.equal((await parts.db.read.outbox.oldest({ seconds: 0 }))!.owner, null);
    const next = startSender(parts, [driver])!;
    await until("all sent", empty(parts.db));
    assert.deepEqual(driver.got, ["a", "b"]);
    await next.close();
  }));

Deno.test("retry = 2 gives up after the second repetition", () =>
  withOutbox({ "oslo_messaging_notifications.retry": "2" }, async (parts, put) => {
    await put("a");
    const driver = fakeDriver(3);
    const sender = startSender(parts, [driver])!;
    await until("given up", empty(parts.db));
    assert.deepEqual([driver.calls, driver.got], [3, []]);
    await put("b");
    await until("sent", empty(parts.db));
    assert.deepEqual(driver.got, ["b"]);
    await sender.close();
  }));

Deno.test("what is too old is dropped", () =>
  withOutbox({ "oneglance.notification_max_age": "1" }, async (parts, put) => {
    await put("old");
    await new Promise((resolve) => setTimeout(resolve, 1100));
    await put("new");
    const driver = fakeDriver();
    const sender = startSender(parts, [driver])!;
    await until("all gone", empty(parts.db));
    assert.deepEqual(driver.got, ["new"]);
    await sender.close();
  }));

/** Names of other processes: alive, dead, on another machine. */
const own = processName().split("-");
const parent = `${own.slice(0, 3).join("-")}-${Deno.ppid}-`;
const OTHERS: [string, string, number, boolean][] = [
  ["a living process holds them: they are left alone", "alive", 1_000_000_000, false],
  [
    "a dead process held them: taken at once",
    `${own.slice(0, 3).join("-")}-999999999-1`,
    1_000_000_000,
    true,
  ],
  [
    "one of a machine that cannot be seen, in its time: left alone",
    "00000000-00000000-1-1-1",
    1_000_000_000,
    false,
  ],
  ["one of a machine that cannot be seen, after its time: taken", "00000000-00000000-1-1-1", -1, true],
];
for (const [what, name, seconds, sent] of OTHERS) {
  Deno.test(what, () =>
    withOutbox({}, async (parts, put) => {
      // The start of our parent as /proc has it, so that its name is that of a living process.
      const stat = await Deno.readTextFile(`/proc/${Deno.ppid}/stat`);
      const owner = name === "alive" ? parent + stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] : name;
      await put("a");
      const taken = await parts.db.write.outbox.take({
        owner,
        seconds,
        limit: 10,
        dead: null,
      });
      assert.equal(taken.length, 1);
      await put("b");
      const driver = fakeDriver();
      const sender = startSender(parts, [driver])!;
      if (sent) await until("sent", empty(parts.db));
      await sender.close();
      assert.deepEqual(driver.got, sent ? ["a", "b"] : []);
    }));
}

Deno.test("two senders at once send nothing twice", () =>
  withOutbox({}, async (parts, put) => {
    const got: string[] = [];
    const take = async (owner: string) => {
      for (;;) {
        const events = await parts.db.write.outbox.take({
          owner,
          seconds: 1_000_000_000,
          limit: 7,
          dead: null,
        });
        if (events.length === 0 && await empty(parts.db)()) return;
        got.push(...events.map(({ body }) => String(body)));
        if (events.length > 0) await parts.db.write.outbox.drop({ owner, ids: events.map(({ id }) => id) });
      }
    };
    const many = Array.from({ length: 100 }, (_, at) => String(at));
    await put(...many);
    await Promise.all([take("one"), take("two"), take("three")]);
    assert.deepEqual(got, many);
  }));

Deno.test("drivers: the known ones are made, unknown ones left out, another bus than RabbitMQ refused", () => {
  const drivers = (text: string) => makeDrivers(configFrom({ "oslo_messaging_notifications.driver": text }));
  assert.equal(drivers("log").length, 1);
  assert.equal(drivers("unheard-of").length, 0);
  assert.throws(
    () =>
      makeDrivers(configFrom({
        "oslo_messaging_notifications.driver": "messaging",
        "DEFAULT.transport_url": "kafka://h",
      })),
    /only rabbit:\/\//,
  );
});

Deno.test("an unknown driver is reported also when it is the only one", () => {
  const config = configFrom({ "oslo_messaging_notifications.driver": "mesagingv2" });
  const text = logged({}, () => {
    assert.equal(
      startSender({ config, db: null as unknown as Database, events: makeEvents(eventSettings(config)) }),
      null,
    );
  });
  assert.match(text, /WARNING .*notification driver 'mesagingv2' is not supported/);
});
