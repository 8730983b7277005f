/** /v2/schemas (docs/reference/schemas.md). */
import {
  imageDocument,
  imagesDocument,
  memberDocument,
  membersDocument,
} from "../../images/schema_document.ts";
import { taskDocument, tasksDocument } from "../../tasks/schema_document.ts";
import { asciiJson, type Call, type Handler } from "../bind.ts";

export const image: Handler = (call: Call) => asciiJson(call, imageDocument(call.ctx.deps.imageSchema));
export const images: Handler = (call: Call) => asciiJson(call, imagesDocument(call.ctx.deps.imageSchema));
export const member: Handler = (call: Call) => asciiJson(call, memberDocument());
export const members: Handler = (call: Call) => asciiJson(call, membersDocument());
export const task: Handler = (call: Call) => asciiJson(call, taskDocument());
export const tasks: Handler = (call: Call) => asciiJson(call, tasksDocument());
