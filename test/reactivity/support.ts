import { Deferred, Effect, Layer, Schema } from "effect"
import { Opbus, Operation, OperationContext, UndoMapping } from "opbus"
import { BusClient } from "opbus/reactivity"

/** A counter: one synchronous operation that can be undone, one that takes as long as the test says, one that only reads. */
export class Add extends Operation.make({
  meta: { key: "counter.add", label: "Add" },
  input: Schema.Number,
  output: Schema.Number,
  executionMode: "sync"
}) {}

export class Refused extends Schema.TaggedError<Refused>()("Refused", { why: Schema.String }) {}

export class AddLater extends Operation.make({
  meta: { key: "counter.addLater" },
  input: Schema.Struct({ by: Schema.Number, fail: Schema.optionalKey(Schema.Boolean) }),
  output: Schema.Number,
  error: Refused,
  progress: Schema.Number
}) {}

export class Get extends Operation.make({
  meta: { key: "counter.get" },
  input: Schema.Struct({ times: Schema.Number }),
  output: Schema.Number
}).annotate(Operation.Readonly, true) {}

export class Counter {
  value = 0
  gets = 0
  /** `AddLater` waits for one permit each. */
  private waiting: Array<Deferred.Deferred<void>> = []
  private permits = 0
  interrupted = 0

  readonly release = (count = 1): void => {
    for (let i = 0; i < count; i++) {
      const next = this.waiting.shift()
      if (next === undefined) this.permits++
      else Deferred.doneUnsafe(next, Effect.void)
    }
  }

  get running(): number {
    return this.waiting.length
  }

  readonly handlers = Layer.suspend(() =>
    Layer.mergeAll(
      Add.toLayer((by) => Effect.sync(() => this.value += by)),
      AddLater.toLayer(({ by, fail }) =>
        Effect.gen({ self: this }, function*() {
          const context = yield* OperationContext
          yield* context.progress(0.5)
          if (this.permits > 0) this.permits--
          else {
            const permit = Deferred.makeUnsafe<void>()
            this.waiting.push(permit)
            yield* Effect.onInterrupt(Deferred.await(permit), () =>
              Effect.sync(() => {
                this.interrupted++
                this.waiting = this.waiting.filter((other) => other !== permit)
              }))
          }
          if (fail === true) return yield* new Refused({ why: "the test says so" })
          return this.value += by
        })
      ),
      Get.toLayer(({ times }) =>
        Effect.sync(() => {
          this.gets++
          return this.value * times
        })
      ),
      UndoMapping.make({
        operation: Add,
        inverse: Add,
        deriveContext: (by) => -by,
        message: (by) => `Add ${by}`
      }).toLayer
    )
  )

  /** Built so often, and closed so often. */
  built = 0
  closed = 0

  readonly layer = Layer.effectDiscard(
    Effect.acquireRelease(Effect.sync(() => this.built++), () => Effect.sync(() => this.closed++))
  ).pipe(Layer.provideMerge(BusClient.layer), Layer.provideMerge(this.handlers), Layer.provideMerge(Opbus.layer))
}

/** Waits until something holds; what it was instead is in the error. */
export const until = async (holds: () => boolean, what: () => unknown = () => ""): Promise<void> => {
  for (const end = Date.now() + 10_000; !holds();) {
    if (Date.now() > end) throw new Error(`It did not come to that: ${JSON.stringify(what())}`)
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}

/** Longer than a frame. */
export const frames = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 60))
