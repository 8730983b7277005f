/** The payloads of notifications (docs/reference/background-jobs.md §7). */
import { apiTime } from "../util/timestamp.ts";
import type { EventRecord, MetadefBody } from "../../db/event_records.ts";
import type { AssociationRecord, MetadefPartRecord, NamespaceRecord } from "../../db/metadef_records.ts";
import type { ImageRecord, MemberRecord, Timestamp } from "../../db/records.ts";
import type { TaskRecord } from "../../db/task_records.ts";
import { isError } from "../errors.ts";
import { IMAGE_PROPERTY } from "../util/names.ts";

type Payload = Record<string, unknown>;

/** Events that say to which stores an import goes. */
const WITH_LISTS = ["image.prepare", "image.upload"];

/** The payload of a recorded event. */
export function payloadOf({ type, about, body, extra, created_at }: EventRecord): unknown {
  if (about === "payload") return body;
  const payload = about === "image"
    ? {
      ...imagePayload(body as ImageRecord),
      ...(WITH_LISTS.includes(type) ? importLists(body as ImageRecord) : {}),
    }
    : about === "member"
    ? memberPayload(body as MemberRecord & { deleted_at?: Timestamp | null })
    : about === "task"
    ? taskPayload(body as TaskRecord)
    : metadefPayload(body as MetadefBody, type.endsWith(".delete") ? created_at : null);
  return extra ? { ...payload, ...extra } : payload;
}

/** Everything but where the data lies, and the multihash. */
function imagePayload(image: Omit<ImageRecord, "locations">): Payload {
  return {
    id: image.id,
    name: image.name,
    status: image.status,
    created_at: isoTime(image.created_at),
    updated_at: isoTime(image.updated_at),
    min_disk: image.min_disk,
    min_ram: image.min_ram,
    protected: image.protected,
    checksum: image.checksum,
    owner: image.owner,
    disk_format: image.disk_format,
    container_format: image.container_format,
    size: image.size,
    virtual_size: image.virtual_size,
    is_public: image.visibility === "public",
    visibility: image.visibility,
    properties: image.properties,
    tags: image.tags,
    deleted: image.deleted,
    deleted_at: isoTime(image.deleted_at),
  };
}

/** `deleted_at` is there when the membership was removed. */
function memberPayload(member: MemberRecord & { deleted_at?: Timestamp | null }): Payload {
  const deletedAt = member.deleted_at ?? null;
  return {
    image_id: member.image_id,
    member_id: member.member,
    status: member.status,
    created_at: isoTime(member.created_at),
    updated_at: isoTime(member.updated_at),
    deleted: deletedAt !== null,
    deleted_at: isoTime(deletedAt),
  };
}

/** Neither input nor result nor message: they may hold secrets. */
function taskPayload(task: TaskRecord): Payload {
  return {
    id: task.id,
    type: task.type,
    status: task.status,
    result: null,
    owner: task.owner,
    message: null,
    expires_at: isoTime(task.expires_at),
    created_at: isoTime(task.created_at),
    updated_at: isoTime(task.updated_at),
    deleted: task.deleted,
    deleted_at: isoTime(task.deleted_at),
  };
}

/** The payload about data that could not be written, with the public part of the reason. */
export function uploadFailure(error: unknown): string {
  if (!isError(error)) return "Failed to upload image data due to internal error";
  if (error.code === "store_timeout") return `Filesystem store operation timed out: ${error.message}`;
  return error.message;
}

function importLists({ properties }: ImageRecord): Payload {
  const names = [IMAGE_PROPERTY.importing, IMAGE_PROPERTY.failed];
  const listOf = (text: string | null | undefined) => (text ?? "").split(",").filter((item) => item !== "");
  return Object.fromEntries(names.map((name) => [name, listOf(properties[name])]));
}

/** The parts of a property's schema that notifications contain. */
const SCHEMA = [
  "type",
  "title",
  "description",
  "default",
  "minimum",
  "maximum",
  "enum",
  "pattern",
  "minLength",
  "maxLength",
  "confidential",
  "items",
  "uniqueItems",
  "minItems",
  "maxItems",
  "additionalItems",
];

/** `deletedAt`: when it went; null while it is there. */
function metadefPayload(body: MetadefBody, deletedAt: Timestamp | null): Payload {
  const gone = { deleted: deletedAt !== null, deleted_at: isoTime(deletedAt) };
  const { namespace } = body;
  const { created_at, updated_at } = body.record;
  const times = { created_at: isoTime(created_at), updated_at: isoTime(updated_at) };
  if (body.what === "namespace") {
    const { display_name, visibility, owner, description, protected: isProtected } = body
      .record as NamespaceRecord;
    const own = { display_name, protected: isProtected, visibility, owner, description };
    return { namespace, namespace_old: body.namespace_old, ...own, ...times, ...gone };
  }
  const { name } = body.record as MetadefPartRecord | AssociationRecord;
  const named = { namespace, name, name_old: name };
  if (body.what === "resource_type") {
    const { prefix, properties_target } = body.record as AssociationRecord;
    return { ...named, prefix, properties_target, ...times, ...gone };
  }
  const part = body.record as MetadefPartRecord;
  if (body.what === "tag") return { ...named, ...times, ...gone };
  if (body.what === "property") return { ...named, ...pick(part.schema, (value) => value ?? null), ...gone };
  const { required, description } = part;
  const properties = Object.entries(part.schema).map(([name, schema]) => ({
    name,
    ...pick(schema as Payload, (value) => value || null),
  }));
  return { ...named, properties, required, description, ...times, ...gone };
}

function pick(schema: Payload, converted: (value: unknown) => unknown): Payload {
  return Object.fromEntries(SCHEMA.map((name) => [name, converted(schema?.[name])]));
}

function isoTime(time: Timestamp | null): string | null {
  return time === null ? null : apiTime(time);
}
