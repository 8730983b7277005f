/** What strangers' OVAs may hold: descriptors and archives, good and hostile (docs/reference/background-jobs.md §4.3). */
import assert from "node:assert/strict";
import { dirname } from "node:path";
import { isError } from "../../src/errors.ts";
import { readDescriptor } from "../../src/imports/ova/ovf.ts";
import { tarMembers } from "../../src/imports/ova/tar.ts";
import { eachElement } from "../../src/imports/ova/xml.ts";
import { OVF, PASD, tar } from "../support/ova.ts";
import { noise } from "../support/served.ts";

const SETTING = "InstructionSetExtensionName";

function settingOf(xml: string): string | undefined {
  return readDescriptor(xml, [SETTING]).properties[`cim_pasd_${SETTING}`];
}

Deno.test("the descriptor: its disk, and settings that are asked for", async (t) => {
  const setting = /<pasd:Instr[^]*?pasd:Instr.*?>/;
  const own = (xml: string) => OVF.replace(setting, xml);
  const rows: [string, string, string | undefined][] = [
    ["by a prefix", OVF, "SSE <2>"],
    ["by another prefix", OVF.replaceAll("pasd", "x"), "SSE <2>"],
    ["by the default namespace", own(`<${SETTING} xmlns="${PASD}">a</${SETTING}>`), "a"],
    [
      "CDATA, comments, characters by number",
      own(
        `<pasd:${SETTING}>a<!-- no --><![CDATA[<b>]]>&#x1F600;&#65;</pasd:${SETTING}>`,
      ),
      "a<b>😀A",
    ],
    ["empty", own(`<pasd:${SETTING}/>`), ""],
    ["another namespace", OVF.replace(PASD, "http://else"), undefined],
    [
      "a prefix that means something else here",
      own(`<x xmlns:pasd="http://else"><pasd:${SETTING}>no</pasd:${SETTING}></x>`),
      undefined,
    ],
    ["another name", own("<pasd:Else>no</pasd:Else>"), undefined],
  ];
  assert.deepEqual(readDescriptor(OVF, []), { disk: "the&disk.img", gzip: false, properties: {} });
  for (const [name, xml, value] of rows) {
    await t.step(name, () => {
      assert.equal(settingOf(xml), value);
      assert.equal(readDescriptor(xml, []).disk, "the&disk.img");
    });
  }
});

Deno.test("disks and files elsewhere are not the image's", () => {
  const elsewhere = '<Other><Disk ovf:fileRef="text"/><File ovf:id="disk" ovf:href="no"/></Other>';
  assert.equal(readDescriptor(OVF.replace("<References>", `${elsewhere}$&`), []).disk, "the&disk.img");
});

const MIB = 1 << 20;

/** As much of `part` as fits into 1 MiB. */
function fill(part: string, before = "", after = ""): string {
  return before + part.repeat((MIB - before.length - after.length) / part.length) + after;
}

/** `lol9` is a thousand million times `lol`. */
const BOMB = `<!DOCTYPE a [<!ENTITY lol0 "lol">${
  Array.from({ length: 9 }, (_, i) => `<!ENTITY lol${i + 1} "${`&lol${i};`.repeat(10)}">`).join("")
}]><a>&lol9;</a>`;

/** How many elements are looked at before the end or a refusal, and how many characters of text they hold. */
function lookedAt(xml: string): { elements: number; text: number } {
  const seen = { elements: 0, text: 0 };
  try {
    eachElement(xml, ({ text }) => {
      seen.elements++;
      seen.text += text.length;
    });
  } catch (error) {
    if (!isError(error, "bad_request")) throw error;
  }
  return seen;
}

Deno.test("a hostile descriptor is refused, and none becomes more than it is", async (t) => {
  const quadratic = fill("&x;", `<!DOCTYPE a [<!ENTITY x "${"x".repeat(50_000)}">]><a>`, "</a>");
  const rows: [string, string, RegExp][] = [
    ["an entity bomb", BOMB, /entity/],
    ["one long entity, often", quadratic, /entity/],
    ["an entity of a file", '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>', /entity/],
    ["an entity nobody defined", "<a>&nbsp;</a>", /entity/],
    ["1 MiB of open tags", fill("<a>"), /inside one another/],
    ["open tags with a namespace each", '<a xmlns:b="c">'.repeat(15_000), /inside one another/],
    ["101 elements inside one another", "<a>".repeat(101) + "</a>".repeat(101), /inside one another/],
    ["1 MiB of attributes", fill('a="" ', "<a ", "/>"), /20000 attributes/],
    [
      "1 MiB of namespaces",
      `<a ${Array.from({ length: 50_000 }, (_, i) => `xmlns:a${i}="b"`).join(" ")}/>`,
      /attributes/,
    ],
    ["1 MiB of elements", fill("<a/>", "<r>", "</r>"), /no file for a disk/],
    ["1 MiB of comments", fill("<!---->", "<r>", "</r>"), /no file for a disk/],
    ["1 MiB of text", fill("&amp;", "<r>", "</r>"), /no file for a disk/],
    ["1 MiB of less-than signs", fill("<"), /cannot be read/],
    ["1 MiB of spaces in a tag", fill(" ", "<a"), /cannot be read/],
    ["a name of 1 MiB", fill("a", "<", "/></b>"), /^.{0,200}$/],
    ["half a comment", fill("- ", "<a><!--"), /cannot be read/],
    ["half a section of characters", fill("x", "<a><![CDATA["), /cannot be read/],
    ["half a DOCTYPE", fill("<!ENTITY a 'b'>", "<!DOCTYPE a ["), /cannot be read|no file/],
    ["half a descriptor", OVF.slice(0, -3), /cannot be read/],
    ["a prefix that means nothing", '<a><b:c d="e"/></a>', /prefix/],
    ["ends that do not fit", "<a><b></a></b>", /close tag/],
    ["bytes that are no XML", fill("\0\x7f\ufffd"), /cannot be read/],
    ["nothing", "", /no file for a disk/],
  ];
  for (const [name, xml, message] of rows) {
    await t.step(name, () => {
      assert.throws(
        () => readDescriptor(xml, [SETTING]),
        (error) => isError(error, "bad_request") && message.test(error.message),
      );
      const { elements, text } = lookedAt(xml);
      // What is refused for its form is refused where that begins.
      if (/entity|inside|attributes/.test(message.source)) assert.equal(elements, 0);
      assert.ok(text <= xml.length, `${text} characters of text`);
      assert.ok(elements <= xml.length / "<a/>".length, `${elements} elements`);
    });
  }
});

Deno.test("the limits of a descriptor: up to them it is read to its end", async (t) => {
  const nested = (depth: number) => "<a>".repeat(depth) + "</a>".repeat(depth);
  const attributes = (count: number) =>
    `<a ${Array.from({ length: count }, (_, i) => `b${i}=""`).join(" ")}/>`;
  const spread = (count: number) => `<r>${'<a b=""/>'.repeat(count)}</r>`;
  const rows: [name: string, of: (count: number) => string, most: number, elements: number][] = [
    ["elements inside one another", nested, 100, 100],
    ["attributes of one element", attributes, 20_000, 1],
    ["attributes of all elements", spread, 20_000, 20_001],
  ];
  for (const [name, of, most, elements] of rows) {
    await t.step(name, () => {
      assert.equal(lookedAt(of(most)).elements, elements);
      assert.throws(() => eachElement(of(most + 1), () => {}), (error) => isError(error, "bad_request"));
      assert.equal(lookedAt(of(most + 1)).elements, 0);
    });
  }
});

/** The archive that the tar command makes of a file of 2 MiB, most of it a hole, and of a plain one. */
async function archive(format: string, names: [string, string] = ["disk.img", "b.txt"]) {
  const dir = await Deno.makeTempDir();
  try {
    for (const name of names) await Deno.mkdir(dirname(`${dir}/${name}`), { recursive: true });
    using hole = await Deno.open(`${dir}/${names[0]}`, { write: true, create: true });
    await hole.truncate(2 * MIB);
    await Deno.writeFile(`${dir}/${names[1]}`, noise(1500));
    const args = [...format.split(" "), "-cf", "all.ova", ...names];
    const { success, stderr } = await new Deno.Command("tar", { args, cwd: dir }).output();
    assert.ok(success, new TextDecoder().decode(stderr));
    return await Deno.readFile(`${dir}/all.ova`);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

async function membersOf(bytes: Uint8Array): Promise<[name: string, size: number][]> {
  const path = await Deno.makeTempFile();
  try {
    await Deno.writeFile(path, bytes);
    using file = await Deno.open(path);
    return (await tarMembers(file)).map(({ name, size }) => [name, size]);
  } finally {
    await Deno.remove(path);
  }
}

Deno.test("archives of the tar command", async (t) => {
  const both: [string, number][] = [["disk.img", 2 * MIB], ["b.txt", 1500]];
  const rows: [string, [string, number][]][] = [
    ["--format=ustar", both],
    ["--format=gnu", both],
    ["--format=v7", both],
    ["--format=pax", both],
    // Packed bytes are not the file: it is as if it were not there.
    ["--format=gnu --sparse", [["b.txt", 1500]]],
  ];
  for (const [format, members] of rows) {
    await t.step(format, async () => assert.deepEqual(await membersOf(await archive(format)), members));
  }
  await t.step("a name in two parts", async () => {
    const long = `${"d".repeat(90)}/${"e".repeat(20)}.img`;
    const members = await membersOf(await archive("--format=ustar", [long, "b.txt"]));
    assert.deepEqual(members[0], [long, 2 * MIB]);
  });
});

Deno.test("an archive of 10,001 members is refused", async () => {
  const files = (count: number) => Array.from({ length: count }, (_, i): [string, string] => [`f${i}`, ""]);
  assert.equal((await membersOf(tar(files(10_000)))).length, 10_000);
  await assert.rejects(
    membersOf(tar(files(10_001))),
    (error) => isError(error, "bad_request") && /more than 10000 members/.test(error.message),
  );
});
