/** The targets that rules are checked against (docs/reference/policy.md §4). */
import type { ImageRecord } from "../../db/records.ts";
import type { Caller } from "../caller.ts";
import type { PolicyTarget } from "./enforcer.ts";

/**
 * An existing image as the caller sees it. Rules find custom properties by name in `extra_properties`, which is not
 * copied: a list makes a thousand targets.
 */
export function imageTarget(image: ImageRecord, caller: Caller): PolicyTarget {
  const member = image.visibility === "shared" && caller.projectId !== image.owner ? caller.projectId : null;
  return {
    image_id: image.id,
    id: image.id,
    name: image.name,
    status: image.status,
    visibility: image.visibility,
    owner: image.owner,
    project_id: image.owner,
    member,
    member_id: member,
    protected: image.protected,
    os_hidden: image.os_hidden,
    min_disk: image.min_disk,
    min_ram: image.min_ram,
    size: image.size,
    virtual_size: image.virtual_size,
    disk_format: image.disk_format,
    container_format: image.container_format,
    checksum: image.checksum,
    os_hash_algo: image.os_hash_algo,
    os_hash_value: image.os_hash_value,
    created_at: image.created_at,
    updated_at: image.updated_at,
    tags: image.tags,
    extra_properties: image.properties,
  };
}

/** A new image: the requested owner, by default the caller's project, and the visibility. */
export function newImageTarget(
  image: { owner?: string | null; visibility?: string },
  caller: Caller,
): PolicyTarget {
  const owner = image.owner === undefined ? caller.projectId : image.owner;
  return { project_id: owner, owner, visibility: image.visibility ?? "private" };
}

/** Calls without a single object: lists of images and of namespaces, new namespaces. */
export function listTarget(caller: Caller): PolicyTarget {
  return { project_id: caller.projectId };
}

/** A namespace of metadata definitions; its objects, properties, tags and associations too. */
export function namespaceTarget(
  namespace: { owner: string | null; visibility: string | null },
): PolicyTarget {
  return { project_id: namespace.owner, visibility: namespace.visibility ?? "private" };
}

/** Calls without a target: tasks, store details, the cache as a whole. */
export const NO_TARGET: PolicyTarget = Object.freeze({});
