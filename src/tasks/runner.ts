/**
 * What a type of task is made of: a table of steps, each with what it does and how it is undone (docs/reference/tasks-api.md
 * §3). Below: `workOn` and `runTask`, which take a task of any type through its life.
 */
import * as v from "valibot";
import type { TaskEnd, TaskRecord, TaskType } from "../../db/task_records.ts";
import type { Ctx, Deps } from "../deps.ts";
import { fail, GlanceError, isError } from "../errors.ts";
import { findImage } from "../images/find.ts";
import { newLogContext, setIdentity, withLogContext } from "../observe/context.ts";
import { getLog } from "../observe/log.ts";
import { requireOwner } from "../policy/owner.ts";
import { toTimestamp } from "../util/timestamp.ts";
import { lostReason, type Run, stoppingReason } from "./background.ts";

/** Runs of one task at most: a task that ends the process each time must not do so for ever. */
export const MAX_RUNS = 3;

/** What earlier runs of a task left behind. */
interface Past {
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

/** One type of task; `runTask` takes it through its life. */
export interface TaskKind<Input extends TaskInput = TaskInput, Added = object> {
  type: TaskType;
  /** What the task does, for the log. */
  noun: string;
  /** Whether it makes its image; otherwise it locks the image that its input names. */
  makesImage: boolean;
  /** The message of an interrupted task that cannot continue; default: a sentence of the runner. */
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
  /** The task's message for an error; default: that of the runner. */
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

const log = getLog("oneglance.tasks");

const BROKEN_OFF = "The service was ended while it worked on the task, and cannot go on with it.";
/** Refuses an image that a living task holds. */
export const BUSY = "Image has active task";
/** The message where users must not see the cause. */
const INTERNAL = "Task failed due to Internal Error";

/** Runs the task in the background; its lines in the log are about the task and its caller. */
export function workOn(given: TaskRun): void {
  const { caller, requestId, deps } = given.ctx;
  const run = { ...given, ctx: { ...given.ctx, deps: patient(deps) } };
  const context = newLogContext(requestId || null, `task ${run.task.id}`);
  setIdentity(context, caller);
  withLogContext(context, () => deps.background.start(run, () => runTask(kindOf(deps, run.task.type), run)));
}

/** As `deps`, with a database that waits longer while it is away: a moment must not end hours of work. */
function patient(deps: Deps): Deps {
  return deps.db.patient ? { ...deps, db: { ...deps.db, ...deps.db.patient } } : deps;
}

/**
 * Runs the task to its end: success; failure, with everything undone; left to another process, when this one stops; or
 * dropped, when another process has it already. Errors: those of an undo and of the database; the lease stays then,
 * and a later run takes the task over.
 */
export async function runTask(kind: TaskKind, run: TaskRun): Promise<void> {
  let state: TaskInput;
  try {
    state = kind.parse(run);
    // Without its image, which is another's or has another task, nothing is touched.
    if (run.imageId !== state.imageId) await refuseUnlocked(run.ctx, state.imageId);
  } catch (error) {
    return await fails(kind, run, error);
  }
  try {
    run.signal.throwIfAborted();
    if (!await claim(run)) throw lostReason();
    const { past } = run;
    if (past) log.warn(`task ${run.task.id} (${kind.type}) was interrupted; this is run ${past.runs} of it`);
    if (past && await kind.onTakeover(run, state, past) === "undo") {
      throw new BrokenOff(kind.brokenOff ?? BROKEN_OFF);
    }
    for (const step of kind.steps(state)) {
      if (step.when?.(run, state) ?? true) state = { ...state, ...await step.run(run, state) };
    }
  } catch (error) {
    return await settle(kind, run, state, error);
  }
  await end(run, "success", { result: { image_id: state.imageId } });
}

/** Says why the task does not have the image that it names. Always throws: not_found, forbidden or conflict. */
async function refuseUnlocked(ctx: Ctx, imageId: string): Promise<never> {
  requireOwner(ctx.caller, await findImage(ctx, imageId));
  fail("conflict", BUSY);
}

/** Takes the task into work; false when it has ended. */
function claim({ ctx, task }: TaskRun): Promise<boolean> {
  return ctx.deps.db.write.tasks.change({
    id: task.id,
    from: ["pending", "processing"],
    status: "processing",
  });
}

/** What becomes of a run that threw. */
async function settle(kind: TaskKind, run: TaskRun, reached: TaskInput, thrown: unknown): Promise<void> {
  const failed = thrown instanceof StepFailed ? thrown : new StepFailed(thrown, {});
  const error = run.signal.aborted ? run.signal.reason : failed.cause;
  if (error === lostReason()) {
    return log.warn(`${kind.noun} of image ${reached.imageId} was taken over by another process`);
  }
  if (error === stoppingReason() && await canResume(kind, run, reached)) return await leave(run);
  if (failed.begun || run.signal.aborted) {
    const state = { ...reached, ...failed.added };
    for (const step of kind.steps(state)) await step.undo?.(run, state, error);
  }
  await fails(kind, run, error);
}

/** Whether the next process would continue the task as it is now. */
async function canResume(kind: TaskKind, run: TaskRun, state: TaskInput): Promise<boolean> {
  const { deps } = run.ctx;
  const task = await deps.db.read.tasks.show({ id: run.task.id, deleted: true });
  if (!task) return false;
  const past = await pastOf(deps, task, run.past?.runs ?? 1);
  return await kind.onTakeover(run, state, past) === "resume";
}

/** What the runs of a task have left so far. */
export async function pastOf(
  { db }: Pick<Deps, "db">,
  { id, status }: TaskRecord,
  runs: number,
): Promise<Past> {
  const [lease] = await db.read.tasks.leases({ taskIds: [id] });
  return { runs, untouched: status === "pending", before: lease?.before ?? null };
}

/** Leaves the task to the next process that looks for one. */
async function leave({ ctx, token }: TaskRun): Promise<void> {
  const by = { token, owner: "", seconds: -1 };
  await ctx.deps.db.write.tasks.take({ token, by, counts: false });
}

async function fails(kind: TaskKind, run: TaskRun, error: unknown): Promise<void> {
  await end(run, "failure", { message: (kind.messageOf ?? messageOf)(error) });
  const id = run.imageId ?? run.task.image_id;
  log.error(id === null ? `${kind.noun} failed` : `${kind.noun} of image ${id} failed`, { error });
}

async function end({ ctx, token }: TaskRun, status: TaskEnd["status"], more: EndOptions): Promise<void> {
  await ctx.deps.db.write.tasks.end({ token, end: taskEnd(ctx.deps, status, more) });
}

type EndOptions = Pick<TaskEnd, "message" | "result">;

/** How a task ends now; without `message` its last one stays. */
export function taskEnd(
  { config }: Pick<Deps, "config">,
  status: TaskEnd["status"],
  more: EndOptions = {},
): TaskEnd {
  const hours = config.get("task.task_time_to_live");
  return { status, ...more, expires_at: toTimestamp(Date.now() + hours * 3_600_000) };
}

/** The task's message for the error that ended it: a limit by its own text, other causes after upstream's (§5.3). */
export function messageOf(error: unknown): string {
  if (!isError(error)) return INTERNAL;
  if (error.code === "too_large") return error.message;
  return ["internal", "database", "config"].includes(error.code) ? INTERNAL : `${INTERNAL}: ${error.message}`;
}
