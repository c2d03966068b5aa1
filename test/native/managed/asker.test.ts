import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import { TestClock } from "effect/testing"
import * as Asker from "../../../src/native/internal/asker.ts"
import { tally } from "./support.ts"

describe("asking services", () => {
  it.effect("two who ask the same get one answer; who asks something else meanwhile gets none", () =>
    Effect.gen(function*() {
      const asker = yield* Asker.make<number>(1000)
      const { managed } = yield* tally()
      const answer = yield* Deferred.make<number>()
      let asked = 0
      const question = Effect.suspend(() => {
        asked++
        return Deferred.await(answer)
      })
      const first = yield* Effect.forkChild(asker.ask(managed, question))
      yield* TestClock.adjust("100 millis")
      const second = yield* Effect.forkChild(asker.ask(managed, question))
      yield* TestClock.adjust("100 millis")
      assert.isTrue(Option.isNone(yield* asker.ask(managed, Effect.succeed(8))))
      yield* Deferred.succeed(answer, 7)
      assert.deepStrictEqual(yield* Fiber.join(first), Option.some(Exit.succeed(7)))
      assert.deepStrictEqual(yield* Fiber.join(second), Option.some(Exit.succeed(7)))
      assert.strictEqual(asked, 1)
      assert.deepStrictEqual(yield* asker.ask(managed, Effect.succeed(8)), Option.some(Exit.succeed(8)))
    }))

  it.effect("who joins a question waits for what is left of its time", () =>
    Effect.gen(function*() {
      const asker = yield* Asker.make<number>(1000)
      const { managed } = yield* tally()
      const question = Effect.uninterruptible(Effect.never)
      yield* Effect.forkChild(asker.ask(managed, question))
      yield* TestClock.adjust("900 millis")
      const second = yield* Effect.forkChild(asker.ask(managed, question))
      yield* TestClock.adjust("100 millis")
      assert.isTrue(Option.isNone(yield* Fiber.join(second)))
      assert.isTrue(Option.isNone(yield* asker.ask(managed, question)), "it is over: nobody waits any more")
    }))

  it.effect("abandons what is open with its scope", () =>
    Effect.gen(function*() {
      const interrupted = yield* Deferred.make<string>()
      yield* Effect.scoped(Effect.gen(function*() {
        const asker = yield* Asker.make<never>(1000)
        const { managed } = yield* tally()
        yield* Effect.forkChild(
          asker.ask(managed, Effect.onInterrupt(Effect.never, () => Deferred.succeed(interrupted, "interrupted")))
        )
        yield* TestClock.adjust("1 millis")
      }))
      assert.strictEqual(yield* Deferred.await(interrupted), "interrupted")
    }))
})
