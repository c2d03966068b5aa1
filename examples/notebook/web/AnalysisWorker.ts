/**
 * The worker that analyses texts, as the notebook's server owns it: whoever looks at the page starts and stops it, and it
 * ends with the server.
 */
import {
  Context,
  Effect,
  type FileSystem,
  Layer,
  type Path,
  Scope,
  Semaphore,
  type Stream,
  SubscriptionRef
} from "effect"
import { type DeploymentRegistry, Outbox } from "opbus/remote"
import { type WorkerStatus, WorkerUnavailable } from "../plugins/analysis/web.ts"
import { build, start, type Worker } from "../worker.ts"

type Status = typeof WorkerStatus.Type

const stopped: Status = { state: "stopped" }

const sentence = (text: string) => text.replace(/\.$/, "")

export class AnalysisWorker extends Context.Service<AnalysisWorker, {
  /** How it is, now and whenever that changes. */
  readonly changes: Stream.Stream<Status>
  /** Comes back when it answers. What waits for it is then on its way. */
  readonly start: Effect.Effect<Status, WorkerUnavailable>
  readonly stop: Effect.Effect<Status>
}>()("notebook/AnalysisWorker") {
  static readonly layer = Layer.effect(
    AnalysisWorker,
    Effect.gen(function*() {
      const outbox = yield* Outbox
      const context = yield* Effect.context<FileSystem.FileSystem | Path.Path | DeploymentRegistry>()
      const scope = yield* Effect.scope
      const one = yield* Semaphore.make(1)
      const status = yield* SubscriptionRef.make(stopped)
      /** Bundling takes a while, and gives the same every time. */
      const built = yield* Effect.cached(build)
      let running: Worker | undefined

      const set = (next: Status) => Effect.as(SubscriptionRef.set(status, next), next)

      /** A worker that ends by itself is said to have stopped, unless there is another one by then. */
      const watch = (worker: Worker) =>
        Effect.catch(worker.exited, ({ message }) =>
          Effect.suspend(() => {
            if (running !== worker) return Effect.void
            running = undefined
            return Effect.andThen(worker.stop, set({ ...stopped, why: sentence(message) }))
          }))

      const unavailable = ({ message }: { readonly message: string }) =>
        Effect.andThen(
          set({ state: "unavailable", why: sentence(message) }),
          Effect.fail(new WorkerUnavailable({ why: sentence(message) }))
        )

      const begin = Effect.gen(function*() {
        if (running !== undefined) return yield* SubscriptionRef.get(status)
        const worker = yield* start(yield* built)
        running = worker
        yield* Effect.forkIn(watch(worker), scope)
        // Otherwise what waits would wait on for as long as the queue's patience has grown.
        yield* Effect.forkIn(outbox.flush, scope)
        return yield* set({ state: "running" })
      }).pipe(Effect.catch(unavailable))

      return AnalysisWorker.of({
        changes: SubscriptionRef.changes(status),
        start: one.withPermits(1)(begin).pipe(Effect.provideContext(context), Scope.provide(scope)),
        stop: one.withPermits(1)(Effect.suspend(() => {
          const worker = running
          running = undefined
          return worker === undefined ? SubscriptionRef.get(status) : Effect.andThen(worker.stop, set(stopped))
        }))
      })
    })
  )
}
