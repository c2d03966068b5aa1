/**
 * What a page can ask of the notebook's server about analyses: one of a note, which waits while there is no worker, and
 * the worker itself.
 */
import { Schema } from "effect"
import { Operation, OperationGroup } from "opbus"
import { DatabaseError, NoteNotFound } from "../../model.ts"
import { TextAnalysis } from "./operations.ts"

/** Where the request of an analysis has got to. */
export const AnalysisState = Schema.Struct({
  state: Schema.Literals(["queued", "done", "failed"]),
  /** The id of the call in the queue: the same one, however often it is asked for until it is answered. */
  receipt: Schema.String,
  analysis: Schema.optionalKey(TextAnalysis),
  /** Why it failed. */
  why: Schema.optionalKey(Schema.String)
})

export class RequestAnalysis extends Operation.make({
  meta: {
    key: "analysis.request",
    label: "Analyse a note",
    description: "Queues the text of a note for the worker, on disk, and follows it until the answer is there."
  },
  input: Schema.Struct({ id: Schema.String }),
  output: AnalysisState,
  error: Schema.Union([NoteNotFound, DatabaseError]),
  stream: true
}).annotate(Operation.Idempotent, true) {}

export const WorkerStatus = Schema.Struct({
  /** `"unavailable"`: it cannot run on this machine. */
  state: Schema.Literals(["running", "stopped", "unavailable"]),
  why: Schema.optionalKey(Schema.String)
})

export class WorkerUnavailable extends Schema.TaggedError<WorkerUnavailable>()("WorkerUnavailable", {
  why: Schema.String
}) {
  override get message() {
    return `There is no worker on this machine: ${this.why}.`
  }
}

export class WatchWorker extends Operation.make({
  meta: {
    key: "worker.status",
    label: "Watch the worker",
    description: "How the worker is, now and whenever it changes."
  },
  output: WorkerStatus,
  stream: true
}).annotate(Operation.Readonly, true) {}

export class StartWorker extends Operation.make({
  meta: { key: "worker.start", label: "Start the worker", description: "What waits for it is delivered." },
  output: WorkerStatus,
  error: WorkerUnavailable
}).annotate(Operation.Idempotent, true) {}

export class StopWorker extends Operation.make({
  meta: { key: "worker.stop", label: "Stop the worker", description: "What is asked of it then waits." },
  output: WorkerStatus
}).annotate(Operation.Idempotent, true) {}

export const Analysis = OperationGroup.make(RequestAnalysis, WatchWorker, StartWorker, StopWorker)
