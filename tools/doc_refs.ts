/** Holds references to documents: the page that a source names is in the repository, and has the section. */
import type { Breach } from "./layers.ts";
import { sources, type Tree } from "./tree.ts";

// Written in pieces, or these lines would be references themselves.
const PAGE = /\b(doc[s]\/[\w./-]+?\.md)((?:[,;]? ?(?:and|to|or)? ?§\d+(?:\.\d+)*(?:[–-]\d+(?:\.\d+)*)?)*)/g;
const STRAY = /\bspe[c]\/[a-z-]+\.md|\(design[:]/;
const HEADING = /^#{2,6} (\d+(?:\.\d+)*)\.? /gm;

/** The numbers of the sections that a page has. */
function sectionsOf(page: string): Set<string> {
  return new Set([...page.matchAll(HEADING)].flatMap((match) => match[1] ?? []));
}

function checkLine(tree: Tree, line: string): string[] {
  const stray = STRAY.test(line) ? ["name the page of docs/reference that holds this"] : [];
  const broken = [...line.matchAll(PAGE)].flatMap(([, path = "", numbers = ""]) => {
    const page = tree.get(path);
    if (page === undefined) return [`${path} is not in the repository`];
    const sections = sectionsOf(page);
    return [...numbers.matchAll(/§?(\d+(?:\.\d+)*)/g)]
      .flatMap(([, number = ""]) => sections.has(number) ? [] : [`${path} has no section ${number}`]);
  });
  return [...stray, ...broken];
}

/** Every reference of a source that leads nowhere, in order of path and line. */
export function checkDocRefs(tree: Tree): Breach[] {
  return sources(tree).flatMap((path) =>
    (tree.get(path) ?? "").split("\n").flatMap((line, index) =>
      checkLine(tree, line).map((message) => ({ path, line: index + 1, message }))
    )
  );
}
