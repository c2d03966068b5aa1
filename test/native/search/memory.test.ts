import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import { makeRandom } from "../../spec/support/random.ts"
import { hasRust, make } from "./support.ts"

setFlagsFromString("--expose-gc")
const collect = runInNewContext("gc") as () => void

/** What the process holds: objects, and buffers beside them. */
const held = (): number => {
  collect()
  collect()
  const { arrayBuffers, heapUsed } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

const notes = (count: number, words: number) => {
  const random = makeRandom(count)
  const text = (words: number) =>
    Array.from({ length: words }, () => `word${Math.floor(random.next() * random.next() * 20_000)}`).join(" ")
  return Array.from({ length: count }, (_, i) => ({ id: `note/${i}`, fields: { title: text(3), text: text(words) } }))
}

describe("the memory of search", () => {
  it.live("is at most twice its estimate in TypeScript, and is given back", () =>
    Effect.gen(function*() {
      // Code is compiled and caches are filled before anything is measured.
      yield* Effect.scoped(
        Effect.flatMap(make("typescript"), ({ commands }) => commands.add({ documents: notes(50, 50) }))
      )
      for (const [count, words] of [[500, 400], [5000, 10]] as const) {
        const before = held()
        const { commands, managed } = yield* make("typescript")
        // The texts are the service's alone when they have been made for it.
        yield* commands.add({ documents: notes(count, words) })
        const { usedBytes } = yield* commands.stats({})
        const ratio = (held() - before) / usedBytes
        assert.isAbove(ratio, 0.5, `${count} documents of ${words} words`)
        assert.isBelow(ratio, 2, `${count} documents of ${words} words`)
        yield* managed.shedLoad
        assert.isBelow(held() - before, ratio * usedBytes * 0.8)
        yield* managed.shutdown
        assert.isBelow(held() - before, 0.2 * usedBytes)
      }
    }), 60_000)

  it.live.skipIf(!hasRust)("in Rust is not that of JavaScript", () =>
    Effect.gen(function*() {
      const { commands } = yield* make("rust")
      // What crosses the border goes through a buffer, which stays as large as it once had to be.
      yield* commands.add({ documents: notes(2000, 100) })
      yield* commands.clear({})
      const before = held()
      yield* commands.add({ documents: notes(2000, 100) })
      const { usedBytes } = yield* commands.stats({})
      assert.isAbove(usedBytes, 3_000_000)
      assert.isBelow(held() - before, 1_000_000)
    }), 60_000)

  it.live.skipIf(!hasRust)("takes nothing of an addition that is interrupted on the way", () =>
    Effect.gen(function*() {
      const { commands } = yield* make("rust", { budgetMb: 256 })
      yield* commands.add({ documents: notes(10, 10) })
      const before = yield* commands.stats({})
      const documents = notes(4000, 300)
      const fiber = yield* Effect.forkChild(commands.add({ documents }), { startImmediately: true })
      yield* Fiber.interrupt(fiber)
      assert.deepStrictEqual(yield* commands.stats({}), before)
      assert.deepInclude(yield* commands.add({ documents }), { indexed: 4000, replaced: 10 })
    }), 60_000)
})
