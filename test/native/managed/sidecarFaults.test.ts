import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { fileURLToPath } from "node:url"
import { ServiceUnavailable } from "opbus/native/ServiceUnavailable"
import * as Sidecar from "opbus/native/Sidecar"
import { NodeSidecar } from "opbus/node"
import { LineReader } from "../../../src/node/internal/sidecar/lines.ts"
import { definition } from "./support.ts"

const file = fileURLToPath(new URL("fixtures/faultySidecar.ts", import.meta.url))
const tally = (fault: string, options?: Sidecar.Options) =>
  Sidecar.make(definition, {
    command: { file: process.execPath, args: ["--no-warnings", "--conditions=opbus-source", file, fault] },
    ...options
  })
const Node = NodeSidecar.layer({ maxFrameBytes: 100_000, patienceMillis: 300 })
const failure = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.map(Effect.flip(effect), (error) => {
    const { message, reason } = error as ServiceUnavailable
    return `${reason}: ${message}`
  })
const defect = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.map(
    Effect.exit(effect),
    (exit) =>
      Exit.isFailure(exit) && Cause.hasDies(exit.cause) ? String(Cause.squash(exit.cause)) : assert.fail(String(exit))
  )

describe("a sidecar with a fault", () => {
  it.live("may write other things to its output", () =>
    Effect.gen(function*() {
      const { commands } = yield* tally("noisy")
      assert.deepStrictEqual(yield* commands.add({ by: 2 }), { total: 2 })
      assert.deepStrictEqual(yield* commands.add({ by: 2 }), { total: 4 })
    }).pipe(Effect.provide(Node)))

  it.live("that answers with what does not fit is a defect of the call", () =>
    Effect.gen(function*() {
      const { commands, managed } = yield* tally("odd")
      assert.match(
        yield* defect(commands.add({ by: 2 })),
        /"tally" answered "tally\/add" with what does not fit its schema/
      )
      assert.match(yield* defect(managed.health), /does not have the shape of its protocol/)
      const empty = yield* tally("empty")
      assert.match(yield* defect(empty.commands.add({ by: 2 })), /neither a result nor an error/)
      const error = yield* tally("error")
      assert.match(yield* defect(error.commands.add({ by: 2 })), /there is no instance 1/)
    }).pipe(Effect.provide(Node)))

  it.live("that is full refuses with a typed failure", () =>
    Effect.gen(function*() {
      const { commands } = yield* tally("full")
      assert.match(yield* failure(commands.add({ by: 2 })), /^Pressure: .*16384 calls are waiting already/)
    }).pipe(Effect.provide(Node)))

  it.live("that writes without end is killed", () =>
    Effect.gen(function*() {
      const { commands, managed } = yield* tally("torrent")
      assert.strictEqual(
        yield* failure(commands.add({ by: 2 })),
        "Crashed: The process of the service \"tally\" has ended: it wrote a message of more than 100000 bytes. Healing starts a new one."
      )
      assert.isTrue(yield* managed.heal)
      assert.strictEqual(yield* commands.total(undefined), 0)
    }).pipe(Effect.provide(Node)))

  it.live("is not sent what is longer than a message may be, in bytes", () =>
    Effect.gen(function*() {
      const { commands, managed } = yield* tally("none")
      const set = (text: string) =>
        Effect.exit(managed.parameters.set("name", text)).pipe(Effect.timeoutOption("300 millis"))
      const message =
        "The service \"tally\" was not asked to set: the input has more than 100000 bytes as JSON, which is the most that a message to its process may have. Send less at a time."
      for (const text of ["x".repeat(100_000), "é".repeat(50_000), "😀".repeat(25_000)]) {
        assert.deepStrictEqual(
          yield* Effect.flip(managed.parameters.set("name", text)),
          new ServiceUnavailable({ service: "tally", reason: "Refused", message })
        )
      }
      // This sidecar does not know the method, and answers nothing: these were sent.
      for (const text of ["x".repeat(99_800), "é".repeat(49_900), "😀".repeat(24_950)]) {
        assert.isTrue(Option.isNone(yield* set(text)))
      }
      assert.deepStrictEqual(yield* commands.add({ by: 2 }), { total: 2 })
      assert.match(yield* failure(tally("none", { config: "x".repeat(100_000) })), /^Refused: .*not asked to create/)
    }).pipe(Effect.provide(Node)))

  it.live("that dies in the middle of a call, or of a stream, fails it", () =>
    Effect.gen(function*() {
      const first = yield* tally("dies")
      assert.match(yield* failure(first.commands.add({ by: 2 })), /^Crashed: .*it exited with code 9/)
      const second = yield* tally("dies")
      assert.match(
        yield* failure(Stream.runDrain(second.commands.count({ to: 2 }))),
        /^Crashed: .*it exited with code 9/
      )
      const whole = yield* tally("none")
      assert.deepStrictEqual(yield* Stream.runCollect(whole.commands.count({ to: 2 })), [1, 2])
    }).pipe(Effect.provide(Node)))

  it.live("that cannot start, says nothing, or speaks another version is not made", () =>
    Effect.gen(function*() {
      assert.match(yield* failure(tally("exits")), /^NotLoaded: The sidecar .* did not start: it exited with code 3\./)
      assert.match(
        yield* failure(tally("silent", { patience: "700 millis" })),
        /^NotLoaded: .*was not ready within 700 ms/
      )
      assert.match(yield* failure(tally("old")), /^NotLoaded: .*speaks version 0 of the protocol, not 1/)
      assert.match(yield* defect(tally("nonsense")), /does not have the shape of its protocol/)
    }).pipe(Effect.provide(Node)))

  it.live("that does not end when it should is killed", () =>
    Effect.gen(function*() {
      const begun = performance.now()
      yield* Effect.scoped(tally("stays", { patience: "3 seconds" }))
      assert.isBelow(performance.now() - begun, 10_000)
    }).pipe(Effect.provide(Node)))
})

describe("the reader of lines", () => {
  it("gives the same lines however the bytes are cut", () => {
    const text = "{\"a\":\"é😀\"}\n\nlast\n"
    const bytes = Buffer.from(text)
    for (let size = 1; size <= bytes.length; size++) {
      const lines: Array<string> = []
      const reader = new LineReader(100, (line) => lines.push(line))
      for (let at = 0; at < bytes.length; at += size) assert.isTrue(reader.push(bytes.subarray(at, at + size)))
      assert.deepStrictEqual(lines, ["{\"a\":\"é😀\"}", "", "last"])
    }
  })

  it("refuses a line that is longer than its limit, and no shorter one", () => {
    const lines: Array<string> = []
    const reader = new LineReader(3, (line) => lines.push(line))
    assert.isTrue(reader.push(Buffer.from("abc\nde")))
    assert.isTrue(reader.push(Buffer.from("f\n")))
    assert.isFalse(reader.push(Buffer.from("abcd")))
    assert.deepStrictEqual(lines, ["abc", "def"])
  })
})
