/** /v2/images/{id}/members (docs/reference/images-api.md §2.13). */
import type { MemberRecord } from "../../../db/records.ts";
import type * as routes from "../../../openapi/members.ts";
import { addMember, listMembers, removeMember, showMember, updateMember } from "../../members/members.ts";
import { type Call, empty, json } from "../bind.ts";
import { apiTime } from "../../util/timestamp.ts";

function view(member: MemberRecord) {
  return {
    member_id: member.member,
    image_id: member.image_id,
    status: member.status,
    created_at: apiTime(member.created_at),
    updated_at: apiTime(member.updated_at),
    schema: "/v2/schemas/member",
  };
}

export async function list(call: Call<typeof routes.listMembers>): Promise<Response> {
  const members = await listMembers(call.ctx, call.param("image_id"));
  return json(call, { members: members.map(view), schema: "/v2/schemas/members" });
}

export async function add(call: Call<typeof routes.addMember>): Promise<Response> {
  return json(call, view(await addMember(call.ctx, call.param("image_id"), call.body.member)));
}

export async function show(call: Call<typeof routes.showMember>): Promise<Response> {
  return json(call, view(await showMember(call.ctx, call.param("image_id"), call.param("member_id"))));
}

export async function update(call: Call<typeof routes.updateMember>): Promise<Response> {
  const { status } = call.body;
  return json(
    call,
    view(await updateMember(call.ctx, call.param("image_id"), call.param("member_id"), status)),
  );
}

export async function remove(call: Call<typeof routes.removeMember>): Promise<Response> {
  await removeMember(call.ctx, call.param("image_id"), call.param("member_id"));
  // Upstream's only 204 without a content type.
  const response = empty(call, 204);
  response.headers.delete("content-type");
  return response;
}
