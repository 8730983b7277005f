/** The documents /v2/schemas/task and /tasks (docs/reference/schemas.md §5); key order is upstream's. */
import { UUID_PATTERN } from "../images/schema_document.ts";

type Json = Record<string, unknown>;

const text = (description: string) => ({ type: "string", description });
const nullable = (type: string, description: string) => ({ type: ["null", type], description });

function taskProperties(): Json {
  return {
    id: { pattern: UUID_PATTERN, type: "string", description: "An identifier for the task" },
    type: {
      enum: ["import", "api_image_import", "location_import"],
      type: "string",
      description: "What the task does",
    },
    status: {
      enum: ["pending", "processing", "success", "failure"],
      type: "string",
      description: "Where in its life the task is",
    },
    input: nullable("object", "What the task was given"),
    result: nullable("object", "What came of the task"),
    owner: text("Project that made the task"),
    message: text("What there is to say of the task, for people to read"),
    image_id: text("Image that the task works on"),
    request_id: text("Request that made the task"),
    user_id: text("User who made the task"),
    expires_at: nullable("string", "When the ended task is no longer listed"),
    created_at: text("When the task was made"),
    updated_at: text("When the task last changed"),
    self: { readOnly: true, type: "string" },
    schema: { readOnly: true, type: "string" },
  };
}

export function taskDocument(): Json {
  return { name: "task", properties: taskProperties() };
}

/** Items have no input, result and message. */
export function tasksDocument(): Json {
  const { input: _input, result: _result, message: _message, ...properties } = taskProperties();
  return {
    name: "tasks",
    properties: {
      tasks: { type: "array", items: { name: "task", properties } },
      schema: { type: "string" },
    },
    links: [{ rel: "describedby", href: "{schema}" }],
  };
}
