/** What a type of task is made of: a table of steps, each with what it does and how it is undone (docs/reference/tasks-api.md §3). */
import * as v from "valibot";
import type { TaskRecord, TaskType } from "../../db/task_records.ts";
import type { Ctx, Deps } from "../deps.ts";
import { fail, GlanceError } from "../errors.ts";
import type { Run } from "./background.ts";

/** Runs of one task at most: a task that ends the process each time must not do so for ever. */
export const MAX_RUNS = 3;

/** What earlier runs of a task left behind. */
export interface Past {
  /** Runs so far, the present one included. */
  runs: number;
  /** Whether no run has claimed the task: nothing of it is done. */
  untouched: boolean;
  /** What they changed of the image, as it was, as JSON; null when they changed nothing. */
  before: string | null;
}

/** A run of a task, and the caller that it works for. */
export interface TaskRun extends Run {
  ctx: Ctx;
  task: TaskRecord;
  /** null for the first run. */
  past: Past | null;
}

/** What is known of every task before its first step. */
export interface TaskInput {
  /** The image that the task works on, or will make. */
  imageId: string;
}

/** One row of the table. The state is the task's input and what steps have added to it. */
export interface Step<Input, Added> {
  name: string;
  /** Whether there is anything to do; default yes. */
  when?(run: TaskRun, state: Readonly<Input & Added>): boolean;
  /**
   * Returns what it adds to the state; it finds there what the steps before it have added. After a crash another
   * process may run it again, and it then finds what is done already: what must survive is in the database.
   */
  run(run: TaskRun, state: Readonly<Input & Added>): Promise<Partial<Added>>;
  /**
   * Takes back what `run` did, did in part, or did in a process that died, when the task failed because of `cause`.
   * Looks first whether there is anything to take back. An error leaves the task to a later run.
   */
  undo?(run: TaskRun, state: Readonly<Input & Partial<Added>>, cause: unknown): Promise<void>;
}

/** One type of task; src/tasks/runner.ts takes it through its life. */
export interface TaskKind<Input extends TaskInput = TaskInput, Added = object> {
  type: TaskType;
  /** What the task does, for the log. */
  noun: string;
  /** Whether it makes its image; otherwise it locks the image that its input names. */
  makesImage: boolean;
  /** The message of an interrupted task that cannot continue; default: src/tasks/runner.ts. */
  brokenOff?: string;
  /** Refuses an input of POST /v2/tasks at once. Errors: bad_request. */
  admit?(ctx: Ctx, input: Record<string, unknown>): Promise<void>;
  /** Reads the task's input. Errors: bad_request. */
  parse(run: TaskRun): Input;
  /**
   * Its steps, in order. A failure undoes all of them in the same order: the first one puts back the image's row,
   * which proves that the run still has the task, and makes the bytes unreferenced before later steps remove them.
   */
  steps(input: Readonly<Input>): readonly Step<Input, Added>[];
  /** What another process does with an interrupted task, or one left by a stop. */
  onTakeover(run: TaskRun, input: Readonly<Input>, past: Past): Promise<"resume" | "undo">;
  /** The task's message for an error; default: src/tasks/runner.ts. */
  messageOf?(error: unknown): string;
}

/** A step's failure that says more than its cause. */
export class StepFailed<Added> extends Error {
  override readonly cause: unknown;
  /** What the undo must know. */
  readonly added: Partial<Added>;
  /** False: the image was not the task's, so that there is nothing to undo. */
  readonly begun: boolean;

  constructor(cause: unknown, added: Partial<Added>, { begun = true }: { begun?: boolean } = {}) {
    super("A step failed.");
    [this.cause, this.added, this.begun] = [cause, added, begun];
  }
}

/** The cause of a failure: the process of an earlier run died, and no other can continue. */
export class BrokenOff extends GlanceError {
  constructor(text: string) {
    super("unavailable", text);
  }
}

/** Errors: internal, for a type that is not registered. */
export function kindOf({ taskKinds }: Pick<Deps, "taskKinds">, type: string): TaskKind {
  return taskKinds.find((kind) => kind.type === type) ?? fail("internal", `No task has the type ${type}.`);
}

/** A task's input by its schema, whose messages become the task's. Errors: bad_request. */
export function readInput<Schema extends v.GenericSchema>(
  { type, input }: Pick<TaskRecord, "type" | "input">,
  schema: Schema,
): v.InferOutput<Schema> {
  if (!input || Object.keys(input).length === 0) fail("bad_request", `Input of ${type} is empty`);
  const { success, output, issues } = v.safeParse(schema, input);
  return success ? output : fail("bad_request", issues[0].message);
}

const missing = (name: unknown): string => `Input does not contain '${name}' field`;

/** The fields of an input, each of which must be there. */
export function fields<Entries extends v.ObjectEntries>(entries: Entries) {
  return v.object(entries, ({ path }) => missing(path?.[0].key));
}

/** A field that must not be empty, then as `schema` has it. */
export function given<Schema extends v.GenericSchema>(name: string, schema: Schema) {
  return v.pipe(v.unknown(), v.check(Boolean, missing(name)), schema);
}

/** A field that is text. */
export const text = (name: string) => v.string(`Input field '${name}' must be text`);
