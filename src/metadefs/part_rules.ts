/** The policy rules for objects, properties and tags, and their names in messages (docs/reference/metadefs-api.md §3). */
import type { MetadefKind, RemoveOutcome } from "../../db/metadef_records.ts";
import { fail } from "../errors.ts";

interface PartRules {
  list: string;
  /** For each item of a list: items it denies are omitted; null = none. */
  item: string | null;
  show: string;
  add: string;
  change: string;
  remove: string;
  /** Removing all at once. */
  clear: string[];
}

export const PART_RULES: Readonly<Record<MetadefKind, PartRules>> = {
  object: {
    list: "get_metadef_objects",
    item: "get_metadef_object",
    show: "get_metadef_object",
    add: "add_metadef_object",
    change: "modify_metadef_object",
    remove: "delete_metadef_object",
    clear: ["delete_metadef_namespace"],
  },
  property: {
    list: "get_metadef_properties",
    item: null,
    show: "get_metadef_property",
    add: "add_metadef_property",
    change: "modify_metadef_property",
    remove: "remove_metadef_property",
    clear: ["delete_metadef_namespace"],
  },
  tag: {
    list: "get_metadef_tags",
    item: null,
    show: "get_metadef_tag",
    add: "add_metadef_tag",
    change: "modify_metadef_tag",
    remove: "delete_metadef_tag",
    clear: ["delete_metadef_namespace", "delete_metadef_tags"],
  },
};

/** Errors: not_found, always. */
export function partGone(kind: MetadefKind, name: string, namespace: string): never {
  fail("not_found", `Metadata definition ${kind} with name=${name} was not found in namespace=${namespace}.`);
}

/** Throws the reason if something was not removed. Errors: not_found, forbidden. */
export function checkRemoved(outcome: RemoveOutcome, what: string, gone: () => never): void {
  if (outcome === "absent") gone();
  if (outcome === "protected") {
    fail("forbidden", `Metadata definition ${what} is protected and cannot be deleted.`);
  }
}
