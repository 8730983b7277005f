/** Checks references to documents: the repository has the page that a source names, and the page has the section. */
import type { Breach } from "./layers.ts";
import { sources, type Tree } from "./tree.ts";

// Written in pieces, else these lines would count as references.
const PAGE = /\b(doc[s]\/[\w./-]+?\.md)((?:[,;]? ?(?:and|to|or)? ?§\d+(?:\.\d+)*(?:[–-]\d+(?:\.\d+)*)?)*)/g;
const STRAY = /\bspe[c]\/[a-z-]+\.md|\(design[:]/;
const HEADING = /^#{2,6} (\d+(?:\.\d+)*)\.? /gm;

/** Returns the section numbers of a page. */
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

/** Returns every broken reference of the sources, in order of path and line. */
export function checkDocRefs(tree: Tree): Breach[] {
  return sources(tree).flatMap((path) =>
    (tree.get(path) ?? "").split("\n").flatMap((line, index) =>
      checkLine(tree, line).map((message) => ({ path, line: index + 1, message }))
    )
  );
}
