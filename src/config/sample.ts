import type { Option } from "./option.ts";
import { OPTIONS } from "./options.ts";
import {
  CINDER_STORE_OPTIONS,
  COMMON_STORE_OPTIONS,
  FILE_STORE_OPTIONS,
  HTTP_STORE_OPTIONS,
  RBD_STORE_OPTIONS,
  S3_STORE_OPTIONS,
  SWIFT_STORE_OPTIONS,
  VMWARE_STORE_OPTIONS,
} from "./options_stores.ts";
import { asText } from "./resolver.ts";

type Table = Readonly<Record<string, Option<unknown>>>;

const DRIVERS: Readonly<Record<string, Table>> = {
  "every store": COMMON_STORE_OPTIONS,
  file: FILE_STORE_OPTIONS,
  http: HTTP_STORE_OPTIONS,
  rbd: RBD_STORE_OPTIONS,
  s3: S3_STORE_OPTIONS,
  swift: SWIFT_STORE_OPTIONS,
  cinder: CINDER_STORE_OPTIONS,
  vmware: VMWARE_STORE_OPTIONS,
};

/** Returns a glance-api.conf with every option that has an effect, commented out, with its default. */
export function sampleConfig(): string {
  const groups: [string, string][] = Object.entries(OPTIONS as Record<string, Table>)
    .map(([group, table]): [string, string] => [group, sampleOptions(table)])
    .filter(([, text]) => text !== "");
  const stores = Object.entries(DRIVERS)
    .map(([driver, table]): [string, string] => [driver, sampleOptions(table)])
    .filter(([, text]) => text !== "")
    .map(([driver, text]) => `# Of ${driver === "every store" ? driver : `driver ${driver}`}:\n\n${text}`);
  return [
    "# Options of oneglance, each with its default. Made by tools/options_docs.ts.\n",
    ...groups.map(([group, text]) => `[${group}]\n\n${text}`),
    "# Options of stores belong here in the single-store mode. With [DEFAULT] enabled_backends they belong in the section\n" +
    "# that has the store's id as its name, and [backend_defaults] applies to stores without a section of their own.\n" +
    "[glance_store]\n",
    ...stores,
  ].join("\n");
}

function sampleOptions(table: Table): string {
  return Object.entries(table).filter(([, option]) => option.acts).map(([name, option]) => {
    const help = wrap(option.help, 98).map((line) => `# ${line}\n`).join("");
    return `${help}# Type: ${option.type.replaceAll("`", "")}\n${
      `#${name} = ${written(option)}`.trimEnd()
    }\n`;
  }).join("\n");
}

/** Returns the tables of docs/configuration.md: every option by group. */
export function optionsMarkdown(): string {
  const sections = Object.entries(OPTIONS as Record<string, Table>)
    .map(([group, table]) => `## [${group}]\n\n${markdownTable(table)}`);
  const stores = Object.entries(DRIVERS).map(([driver, table]) =>
    `### ${driver === "every store" ? "Every store" : `Driver \`${driver}\``}\n\n${markdownTable(table)}`
  );
  return `# Configuration

Made by \`tools/options_docs.ts\` from the table in \`src/config/\`; do not edit by hand.

oneglance reads glance-api.conf as upstream does: the command line beats the environment
(\`OS_<GROUP>__<OPTION>\`), which beats the files, which beat the defaults; a later file beats an earlier one.
An option that *acts* must have a valid value: else the start fails with the file, the line and the expected values. An
option that is *accepted* may be in a file and has no effect. oneglance ignores keys of other releases and unknown keys;
\`debug = true\` lists them in the log.

${sections.join("\n")}
## Stores

In the single-store mode these options belong in \`[glance_store]\`. With \`[DEFAULT] enabled_backends\` they belong in the
section that has the store's id as its name; \`[backend_defaults]\` applies to options that this section does not set.

${stores.join("\n")}`;
}

function markdownTable(table: Table): string {
  const rows = Object.entries(table).map(([name, option]) => {
    const old = option.aliases.length === 0
      ? ""
      : ` Old name: ${option.aliases.map((each) => `\`${each}\``).join(", ")}.`;
    const value = option.default === null ? "unset" : `\`${written(option)}\``.replace("``", "empty");
    const cells = [`\`${name}\``, option.type, value, option.acts ? "acts" : "accepted", option.help + old];
    return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |\n`;
  });
  return `| Option | Type | Default | Use | Meaning |\n|---|---|---|---|---|\n${rows.join("")}`;
}

/** Returns the default in the form of a configuration file. */
function written(option: Option<unknown>): string {
  const value = option.default;
  if (option.type.includes("in brackets")) return `[${(value as readonly unknown[]).join(",")}]`;
  if (option.type === "octal file mode") return (value as number).toString(8);
  if (typeof value === "boolean") return String(value);
  return asText(value);
}

function wrap(text: string, width: number): string[] {
  const lines = [""];
  for (const word of text.split(" ")) {
    const line = lines.at(-1)!;
    if (line !== "" && line.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = line === "" ? word : `${line} ${word}`;
  }
  return lines;
}
