import { Effect, Exit, Layer, Schema, Scope } from "effect"
import * as path from "node:path"
import { Operation, OperationError, type OperationErrorReason, RemoteFailure, RemoteInvoker } from "opbus/operation"
import { Outbox, type OutboxOptions } from "opbus/remote/Outbox"
import { type EncodedExit, ResultStore } from "opbus/remote/ResultStore"
import { SqlOutbox, type SqlOutboxOptions } from "opbus/remote/SqlOutbox"
import { LibsqlClient } from "opbus/sql"
import { folder } from "./support.ts"

export class Taken extends Schema.TaggedError<Taken>()("Taken", { title: Schema.String }) {}

export const Add = Operation.make({
  meta: { key: "note.add", version: 2 },
  input: Schema.Struct({ title: Schema.String }),
  output: Schema.Struct({ n: Schema.Int, at: Schema.DateFromString }),
  error: Taken
})

export const Mark = Operation.make({ meta: { key: "note.mark" }, input: Schema.Struct({ title: Schema.String }) })

/** One delivery as the other side sees it. */
export interface Delivery {
  readonly key: string
  readonly title: string
  readonly idempotencyKey: string
  readonly version: number | undefined
  readonly headers: Readonly<Record<string, string>>
  readonly timeout: unknown
}

export const reason = (key: string, reason: OperationErrorReason) => new OperationError({ key, reason })
export const unreachable = (key: string) => reason(key, { _tag: "RemoteUnavailable", why: "it is down" })

/**
 * The other side: a result store over a handler that writes down what it applies. `fault` decides what happens to a
 * delivery on its way there, `lose` to its answer.
 */
export class OtherSide {
  readonly deliveries: Array<Delivery> = []
  readonly applied: Array<string> = []
  running = 0
  mostRunning = 0
  fault: (delivery: Delivery) => Effect.Effect<void, OperationError | RemoteFailure> = () => Effect.void
  lose: (delivery: Delivery) => Effect.Effect<void, OperationError> = () => Effect.void
  handle: (delivery: Delivery) => Effect.Effect<unknown, Taken> = () => Effect.void

  readonly layer: Layer.Layer<RemoteInvoker> = Layer.effect(
    RemoteInvoker,
    Effect.map(ResultStore, ({ once }) =>
      ({
        invoke: () => Effect.die("the queue does not know operations"),
        invokeStream: () => {
          throw new Error("the queue has no streams")
        },
        invokeKey: (key, input, options) =>
          Effect.suspend(() => {
            const delivery: Delivery = {
              key,
              title: (input as { readonly title: string }).title,
              idempotencyKey: options.idempotencyKey!,
              version: options.version,
              headers: options.headers ?? {},
              timeout: options.timeout
            }
            this.deliveries.push(delivery)
            this.mostRunning = Math.max(this.mostRunning, ++this.running)
            const answer = once(
              {
                caller: "",
                key,
                idempotencyKey: delivery.idempotencyKey,
                fingerprint: JSON.stringify(input),
                idempotent: false
              },
              this.answer(delivery)
            )
            return Effect.andThen(this.fault(delivery), answer).pipe(
              Effect.tap(() => this.lose(delivery)),
              Effect.flatMap((exit) => opened(key, exit)),
              Effect.ensuring(Effect.sync(() => this.running--))
            )
          })
      }) as RemoteInvoker["Service"])
  ).pipe(Layer.provide(ResultStore.layerMemory()))

  private answer(delivery: Delivery): Effect.Effect<EncodedExit> {
    return Effect.map(Effect.exit(this.handle(delivery)), (exit): EncodedExit => {
      if (exit._tag === "Success") {
        this.applied.push(delivery.title)
        const value = delivery.key === Add.key ? { n: this.applied.length, at: "2026-11-21T00:00:00.000Z" } : null
        return { _tag: "Success", value }
      }
      const [first] = exit.cause.reasons
      return first?._tag === "Fail"
        ? { _tag: "Failure", cause: [{ _tag: "Fail", error: { _tag: "Taken", title: first.error.title } }] }
        : { _tag: "Failure", cause: [{ _tag: "Die", defect: "it broke" }] }
    })
  }
}

const opened = (key: string, exit: EncodedExit): Effect.Effect<unknown, RemoteFailure> => {
  if (exit._tag === "Success") return Effect.succeed(exit.value)
  const [first] = exit.cause
  return first?._tag === "Fail" ? Effect.fail(new RemoteFailure({ key, error: first.error })) : Effect.die("broken")
}

export const client = (file: string, synchronous: "NORMAL" | "FULL" = "NORMAL") =>
  LibsqlClient.layer({ url: file, synchronous })

export const databaseFile = Effect.map(folder, (folder) => path.join(folder, "outbox.db"))

/** A process with an outbox on a file; `close` ends it in an orderly way. */
export const process = (file: string, other: OtherSide, options: SqlOutboxOptions = {}) =>
  Effect.gen(function*() {
    const scope = yield* Scope.make()
    const layer = SqlOutbox.layer(options).pipe(Layer.provide(other.layer), Layer.provideMerge(client(file)))
    const context = yield* Layer.buildWithScope(Layer.fresh(layer), scope)
    return {
      outbox: yield* Effect.provideContext(Outbox, context),
      context,
      close: Scope.close(scope, Exit.void)
    }
  })

export const kinds = ["in memory", "in a database"] as const

/** An outbox of either kind, for one test. */
export const outboxOf = (kind: (typeof kinds)[number], other: OtherSide, options: OutboxOptions = {}) =>
  kind === "in memory"
    ? Effect.flatMap(
      Layer.build(Layer.fresh(Outbox.layer(options).pipe(Layer.provide(other.layer)))),
      (context) => Effect.provideContext(Outbox, context)
    )
    : Effect.gen(function*() {
      const { close, outbox } = yield* process(yield* databaseFile, other, options)
      yield* Effect.addFinalizer(() => close)
      return outbox
    })
