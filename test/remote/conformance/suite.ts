import { assert, layer } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import * as Stream from "effect/Stream"
import { OperationInvoker, OperationRegistry, RemoteFailure, RemoteInvoker } from "opbus/operation"
import * as D from "./definitions.ts"
import { Handlers } from "./handlers.ts"

/** What differs between transports. */
export interface Traits {
  /** What the server has sent so far, as text, where that can be seen. */
  readonly wire?: (() => string) | undefined
  /** Bytes of a large payload. Default 5 MB. */
  readonly large?: number | undefined
  /** Megabytes that may be on their way in a stream whose consumer does not read. Default: a tenth. */
  readonly buffered?: number | undefined
  /** What becomes of half a surrogate pair. Default: it is kept. */
  readonly loneSurrogates?: "kept" | "replaced" | undefined
  /** The server tells nothing about spans, as it has no tracer. */
  readonly concurrent?: number | undefined
}

/** The same handlers without any wire: what a remote call is compared to. */
class Local extends Context.Service<Local, (typeof OperationInvoker)["Service"]>()("test/conformance/Local") {
  static readonly layer = Layer.effect(Local, OperationInvoker).pipe(
    Layer.provide(Handlers.pipe(
      Layer.provideMerge(OperationInvoker.layer),
      Layer.provideMerge(OperationRegistry.layer)
    ))
  )
}

const { invokeRemote, invokeRemoteStream } = OperationInvoker

let ids = 0
const newId = (): string => `${process.pid}-${Date.now()}-${ids++}`

const notesOf = (id: string) => invokeRemote(D.Notes, id)

/** Asks until the answer is as expected, at most some seconds. */
const eventually = <A, E, R>(ask: Effect.Effect<A, E, R>, expected: (value: A) => boolean): Effect.Effect<A, E, R> =>
  Effect.gen(function*() {
    for (let tries = 0; tries < 500; tries++) {
      const value = yield* ask
      if (expected(value)) return value
      yield* Effect.sleep(10)
    }
    return yield* ask
  })

const untilNoted = (id: string, what: string) => eventually(notesOf(id), (notes) => notes.includes(what))

const producedOf = (notes: ReadonlyArray<string>): number =>
  Number(notes.findLast((note) => note.startsWith("produced"))?.slice(9) ?? 0)

/** An exit as a caller can tell it from others. */
const outcomeOf = (exit: Exit.Exit<unknown, unknown>): unknown => {
  if (Exit.isSuccess(exit)) return { value: exit.value }
  const reason = exit.cause.reasons.find((reason) => reason._tag === "Fail") ?? exit.cause.reasons[0]!
  if (reason._tag === "Interrupt") return "interrupted"
  if (reason._tag === "Die") return "defect"
  const error = reason.error as { readonly _tag?: string; readonly key?: string; readonly reason?: unknown }
  return error._tag === "OperationError" ? { key: error.key, reason: error.reason } : { error }
}

const echoed: typeof D.Echo.input.Type = {
  text: "plain",
  number: -0.5,
  flag: false,
  at: new Date(8.64e15),
  due: new Date("1969-07-20T20:17:40.123Z"),
  bytes: new Uint8Array(Array.from({ length: 256 }, (_, i) => i)),
  big: -(2n ** 200n),
  nothing: null,
  kind: 1,
  either: { right: 1 },
  pair: ["p", -3],
  record: { a: 1, "b c": 2, "": 3 },
  map: new Map([["k", new Date(5)]]),
  option: Option.some(new Date(7)),
  tree: { name: "root", children: [{ name: "leaf", children: [] }] },
  point: new D.Point({ x: 1, y: -2 })
}

/** Calls that end in every way there is. */
const cases: ReadonlyArray<readonly [name: string, operation: any, input: unknown]> = [
  ["everything", D.Echo, echoed],
  ["optional keys", D.Echo, { ...echoed, key: "k", loose: undefined, option: Option.none(), nothing: "x" }],
  ["other members of unions", D.Echo, { ...echoed, kind: true, either: { left: "l" }, flag: true }],
  ["NaN", D.Echo, { ...echoed, number: NaN }],
  ["Infinity", D.Echo, { ...echoed, number: Infinity }],
  ["-Infinity", D.Echo, { ...echoed, number: -Infinity }],
  ["a large number", D.Echo, { ...echoed, number: 1.7976931348623157e308 }],
  ["empty", D.Echo, { ...echoed, text: "", bytes: new Uint8Array(), record: {}, map: new Map(), big: 0n }],
  ["nothing", D.Nothing, undefined],
  ["a greeting", D.Strict, { name: "Ada", age: 36, tags: [{ label: "x" }] }],
  ["no input", D.Strict, undefined],
  ["null", D.Strict, null],
  ["an array", D.Strict, []],
  ["a missing property", D.Strict, { name: "Ada", tags: [] }],
  ["a wrong type", D.Strict, { name: 3, age: 36, tags: [] }],
  ["too long", D.Strict, { name: "Adelaide", age: 36, tags: [] }],
  ["too short", D.Strict, { name: "", age: 36, tags: [] }],
  ["no integer", D.Strict, { name: "Ada", age: 36.5, tags: [] }],
  ["NaN where it cannot be", D.Strict, { name: "Ada", age: NaN, tags: [] }],
  ["too much", D.Strict, { name: "Ada", age: 151, tags: [] }],
  ["something nested", D.Strict, { name: "Ada", age: 1, tags: [{ label: "x" }, { label: 2 }] }],
  ["a property too many", D.Strict, { name: "Ada", age: 1, tags: [], more: 1 }],
  ["a nested property too many", D.Strict, { name: "Ada", age: 1, tags: [{ label: "x", more: 1 }] }],
  ["undefined where a key may be absent", D.Strict, { name: "Ada", age: 1, tags: [], nick: undefined }],
  ["output of a wrong type", D.Unfit, "type"],
  ["nested output", D.Unfit, "nested"],
  ["missing output", D.Unfit, "missing"],
  ["an error with dates and bytes", D.Fail, "late"],
  ["an error with everything", D.Fail, "late-left"],
  ["another error of the union", D.Fail, "taken"],
  ["a text as error", D.Fail, "text"],
  ["the bus's own error", D.Fail, "refused"],
  ["a denial", D.Fail, "denied"],
  ["an error beside a defect", D.Fail, "several"],
  ...["throw", "die", "object", "text", "cause"].map((how) => [`a defect (${how})`, D.Die, how] as const),
  ["an interruption", D.GiveUp, undefined],
  ["a version", D.Versioned, undefined]
]

/** The same as JSON data, which nobody checks on the caller's side. */
const encodedCases: ReadonlyArray<readonly [name: string, key: string, input: unknown]> = [
  ["a greeting", D.Strict.key, { name: "Ada", age: 36, tags: [] }],
  ["a wrong type", D.Strict.key, { name: 3, age: 36, tags: [] }],
  ["a property too many", D.Strict.key, { name: "Ada", age: 1, tags: [], more: 1 }],
  ["something nested", D.Strict.key, { name: "Ada", age: 1, tags: [{ label: "x" }, { label: 2 }] }],
  ["an array", D.Strict.key, []],
  ["no input", D.Strict.key, null],
  ["a prototype", D.Strict.key, JSON.parse("{\"name\":\"Ada\",\"age\":1,\"tags\":[],\"__proto__\":{\"x\":1}}")],
  ["a constructor", D.Strict.key, { name: "Ada", age: 1, tags: [], constructor: 1 }],
  ["nested output", D.Unfit.key, "nested"]
]

/**
 * What every transport promises (R5), for a client of a server that exposes `Exposed` over `Handlers`.
 */
export const suite = <E>(name: string, transport: Layer.Layer<RemoteInvoker, E>, traits: Traits = {}): void => {
  const { buffered = 0.1, concurrent = 200, large = 5_000_000, loneSurrogates = "kept", wire } = traits
  const client = OperationInvoker.layer.pipe(
    Layer.provide(OperationRegistry.layer),
    Layer.provideMerge(transport),
    Layer.merge(Local.layer)
  )

  layer(client, { excludeTestServices: true, timeout: "60 seconds" })(`R5 ${name}`, (it) => {
    for (const [what, operation, input] of cases) {
      it.effect(`I1, I2: ends as a local call does: ${what}`, () =>
        Effect.gen(function*() {
          const local = yield* Local
          const here = outcomeOf(yield* Effect.exit(local.invoke(operation, input as never)))
          const there = outcomeOf(yield* Effect.exit(invokeRemote(operation, input as never)))
          assert.deepStrictEqual(there, here)
        }))
    }

    for (const [what, key, input] of encodedCases) {
      it.effect(`I1: JSON data is checked on the server as it is here: ${what}`, () =>
        Effect.gen(function*() {
          const local = yield* Local
          const remote = yield* RemoteInvoker
          const here = outcomeOf(yield* Effect.exit(local.invokeKey(key, input)))
          const there = outcomeOf(yield* Effect.exit(remote.invokeKey(key, input, {})))
          assert.deepStrictEqual(there, here)
        }))
    }

    it.effect("I2: a declared error is the class that was declared, with the data it had", () =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(invokeRemote(D.Fail, "late-left"))
        assert.isTrue(error instanceof D.Late)
        const { bytes, due, left, seen } = error as D.Late
        assert.deepStrictEqual(
          [due.getTime(), seen.getTime(), Array.from(bytes), left],
          [86_400_000, 1, [0, 127, 255], 2n ** 70n]
        )
      }))

    it.effect("I2: without a definition the error comes as JSON data", () =>
      Effect.gen(function*() {
        const remote = yield* RemoteInvoker
        const error = yield* Effect.flip(remote.invokeKey(D.Fail.key, "taken", {}))
        assert.isTrue(error instanceof RemoteFailure)
        assert.deepStrictEqual((error as RemoteFailure).error, { _tag: "Taken", title: "π \"quoted\"" })
        assert.notInclude(error.message, "\n")
      }))

    for (const how of ["throw", "die", "object", "text", "cause", "undeclared", "tagged"] as const) {
      it.effect(`I2: a defect (${how}) shows nothing of the inside, neither to the caller nor on the wire`, () =>
        Effect.gen(function*() {
          const before = wire?.().length ?? 0
          const exit = yield* Effect.exit(invokeRemote(D.Die, how))
          assert.isTrue(Exit.isFailure(exit) && Cause.hasDies(exit.cause), String(exit))
          const [reason] = (exit as Exit.Failure<never, never>).cause.reasons
          const { cause, message, name } = (reason as Cause.Die).defect as Error
          const seen = JSON.stringify([name, message, cause]) + (wire?.().slice(before) ?? "")
          for (const secret of D.secrets) assert.notInclude(seen, secret)
          if (wire !== undefined) assert.isAbove(wire().length, before, "the wire is not looked at")
        }))
    }

    // -----------------------------------------------------------------------
    // payloads
    // -----------------------------------------------------------------------

    it.effect("carries large payloads", () =>
      Effect.gen(function*() {
        const text = "0123456789abcdefé".repeat(Math.floor(large / 18))
        assert.isTrue((yield* invokeRemote(D.Text, text)) === text)
        const bytes = new Uint8Array(Math.floor(large / 2)).map((_, i) => i % 251)
        const back = yield* invokeRemote(D.Echo, { ...echoed, bytes })
        assert.isTrue(Buffer.compare(back.bytes, bytes) === 0)
      }))

    it.effect("carries every text", () =>
      Effect.gen(function*() {
        const texts = [
          "",
          "\0",
          "\r\n\t\b",
          "\u2028\u2029",
          "\\u0041 \\n \"quoted\" {\"_tag\":\"Exit\"}\n",
          "日本語 עברית العربية",
          "👩‍👩‍👧‍👦 🇪🇺 e\u0301",
          "\u{10ffff}\ufffe\uffff\ufeff",
          "__proto__",
          "constructor"
        ]
        for (const text of texts) assert.strictEqual(yield* invokeRemote(D.Text, text), text)
      }))

    it.effect(`half a surrogate pair is ${loneSurrogates}`, () =>
      Effect.gen(function*() {
        const text = yield* invokeRemote(D.Text, "a\ud800b\udc00c")
        assert.strictEqual(text, loneSurrogates === "kept" ? "a\ud800b\udc00c" : "a\ufffdb\ufffdc")
      }))

    it.effect("properties named like those of a prototype are properties", () =>
      Effect.gen(function*() {
        const record = JSON.parse("{\"__proto__\":1,\"constructor\":2,\"toString\":3}") as Record<string, number>
        const back = yield* invokeRemote(D.Echo, { ...echoed, record })
        assert.deepStrictEqual(Object.entries(back.record).sort(), Object.entries(record).sort())
        assert.isUndefined(({} as { x?: unknown }).x)
      }))

    it.effect("answers many calls at once, each with its own answer", () =>
      Effect.gen(function*() {
        const texts = Array.from({ length: concurrent }, (_, i) => `${i}`)
        const answers = yield* Effect.forEach(
          texts,
          (text, i) =>
            i % 2 === 0 ? invokeRemote(D.Text, text) : invokeRemote(D.Sleep, { id: text, millis: (i * 7) % 20 }),
          { concurrency: "unbounded" }
        )
        assert.deepStrictEqual(answers, texts)
      }))

    // -----------------------------------------------------------------------
    // streams
    // -----------------------------------------------------------------------

    it.effect("streams come complete and in order", () =>
      Effect.gen(function*() {
        const id = newId()
        const elements = yield* Stream.runCollect(invokeRemoteStream(D.Count, { id, to: 1_000, chunk: 7 }))
        assert.deepStrictEqual(elements, Array.from({ length: 1_000 }, (_, i) => ({ n: i + 1, at: new Date(i + 1) })))
        yield* untilNoted(id, "finalized")
      }))

    it.effect("an empty stream ends", () =>
      Effect.gen(function*() {
        assert.deepStrictEqual(yield* Stream.runCollect(invokeRemoteStream(D.Count, { id: newId(), to: 0 })), [])
      }))

    it.effect("I2: a stream fails in the middle with the declared error, after the elements before it", () =>
      Effect.gen(function*() {
        const seen: Array<number> = []
        const error = yield* Effect.flip(
          Stream.runForEach(
            invokeRemoteStream(D.Count, { id: newId(), to: 10, failAt: 4 }),
            ({ n }) => Effect.sync(() => seen.push(n))
          )
        )
        assert.deepStrictEqual(seen, [1, 2, 3])
        assert.deepStrictEqual(error, new D.Taken({ title: "4" }))
      }))

    it.effect("I2: a stream that dies in the middle says no more than that", () =>
      Effect.gen(function*() {
        const before = wire?.().length ?? 0
        const exit = yield* Effect.exit(
          Stream.runDrain(invokeRemoteStream(D.Count, { id: newId(), to: 10, dieAt: 4 }))
        )
        assert.isTrue(Exit.isFailure(exit) && Cause.hasDies(exit.cause), String(exit))
        assert.notInclude(wire?.().slice(before) ?? "", "hunter2")
      }))

    it.effect("I1: an element that does not fit ends the stream as it does here", () =>
      Effect.gen(function*() {
        const local = yield* Local
        const input = { id: newId(), to: 10, unfitAt: 3 }
        const here = outcomeOf(yield* Effect.exit(Stream.runDrain(local.invokeStream(D.Count, input))))
        const there = outcomeOf(yield* Effect.exit(Stream.runDrain(invokeRemoteStream(D.Count, input))))
        assert.deepStrictEqual(there, here)
      }))

    it.effect("I4: a consumer that stops early ends the handler's stream, and its finalizers run", () =>
      Effect.gen(function*() {
        const id = newId()
        const elements = yield* Stream.runCollect(
          Stream.take(invokeRemoteStream(D.Count, { id, to: 1_000_000, pad: 10_000 }), 3)
        )
        assert.deepStrictEqual(elements.map(({ n }) => n), [1, 2, 3])
        const notes = yield* untilNoted(id, "finalized")
        assert.include(notes, "finalized")
        assert.isBelow(producedOf(notes) / 100, buffered + 0.3)
      }))

    it.effect("a slow consumer stops a fast producer", () =>
      Effect.gen(function*() {
        const id = newId()
        let seen = 0
        const fiber = yield* Effect.forkChild(
          Stream.runForEach(
            invokeRemoteStream(D.Count, { id, to: 20_000, pad: 10_000 }),
            () => Effect.suspend(() => ++seen === 3 ? Effect.never : Effect.void)
          )
        )
        yield* eventually(Effect.sync(() => seen), (seen) => seen === 3)
        let before = -1
        const produced = yield* eventually(
          Effect.delay(Effect.map(notesOf(id), producedOf), 200),
          (produced) => {
            const same = produced === before
            before = produced
            return same
          }
        )
        assert.isAtLeast(produced, 3)
        assert.isBelow(produced / 100, buffered + 0.3, "megabytes that were produced ahead")
        yield* Fiber.interrupt(fiber)
        assert.include(yield* untilNoted(id, "finalized"), "finalized")
      }))

    it.effect("several streams share a connection, and none waits for another's consumer", () =>
      Effect.gen(function*() {
        const stuck = yield* Effect.forkChild(
          Stream.runForEach(invokeRemoteStream(D.Count, { id: newId(), to: 1_000, pad: 10_000 }), () => Effect.never)
        )
        const counts = yield* Effect.forEach(
          [10, 20, 30],
          (to) => Stream.runCount(invokeRemoteStream(D.Count, { id: newId(), to })),
          { concurrency: "unbounded" }
        )
        assert.deepStrictEqual(counts, [10, 20, 30])
        yield* Fiber.interrupt(stuck)
      }))

    // -----------------------------------------------------------------------
    // progress, interruption, deadlines
    // -----------------------------------------------------------------------

    it.effect("progress comes in order, before the answer", () =>
      Effect.gen(function*() {
        const seen: Array<unknown> = []
        const answer = yield* invokeRemote(D.Report, { steps: 20 }, { onProgress: (progress) => seen.push(progress) })
        assert.strictEqual(answer, 20)
        assert.deepStrictEqual(seen, Array.from({ length: 20 }, (_, i) => ({ step: i + 1, at: new Date(i + 1) })))
      }))

    it.effect("progress of a stream comes between its elements", () =>
      Effect.gen(function*() {
        const seen: Array<unknown> = []
        yield* Stream.runForEach(
          invokeRemoteStream(D.ReportStream, 5, { onProgress: (progress) => seen.push(progress) }),
          (n) => Effect.sync(() => seen.push(n))
        )
        assert.deepStrictEqual(seen.filter((item) => typeof item === "number"), [1, 2, 3, 4, 5])
        assert.deepStrictEqual(
          seen.filter((item) => typeof item === "string"),
          [1, 2, 3, 4, 5].map((n) => `before ${n}`)
        )
      }))

    it.effect("I4: interrupting the caller interrupts the handler, and its finalizers run", () =>
      Effect.gen(function*() {
        const id = newId()
        const fiber = yield* Effect.forkChild(invokeRemote(D.Hang, id))
        yield* untilNoted(id, "started")
        yield* Fiber.interrupt(fiber)
        assert.deepStrictEqual(yield* untilNoted(id, "finalized"), ["started", "interrupted", "finalized"])
      }))

    it.effect("I4: interrupting one of several callers leaves the others alone", () =>
      Effect.gen(function*() {
        const [first, second] = [newId(), newId()]
        const fiber = yield* Effect.forkChild(invokeRemote(D.Hang, first))
        const other = yield* Effect.forkChild(invokeRemote(D.Sleep, { id: second, millis: 300 }))
        yield* untilNoted(first, "started")
        yield* Fiber.interrupt(fiber)
        assert.strictEqual(yield* Fiber.join(other), second)
        assert.deepStrictEqual(yield* notesOf(second), [])
        assert.include(yield* untilNoted(first, "finalized"), "interrupted")
      }))

    it.effect("I4: what the server interrupts is interrupted for its caller", () =>
      Effect.gen(function*() {
        const exit = yield* Effect.exit(invokeRemote(D.GiveUp, undefined))
        assert.isTrue(Exit.isFailure(exit) && Cause.hasInterruptsOnly(exit.cause), String(exit))
      }))

    it.effect("a deadline interrupts the handler, and the caller gets a typed Timeout", () =>
      Effect.gen(function*() {
        const id = newId()
        const error = yield* Effect.flip(invokeRemote(D.Sleep, { id, millis: 60_000 }, { timeout: 150 }))
        assert.deepStrictEqual(outcomeOf(Exit.fail(error)), {
          key: D.Sleep.key,
          reason: { _tag: "Timeout", millis: 150 }
        })
        assert.deepStrictEqual(yield* untilNoted(id, "interrupted"), ["interrupted"])
      }))

    it.effect("the handler knows how long its caller waits", () =>
      Effect.gen(function*() {
        const { deadlineIn, origin } = yield* invokeRemote(D.Context, undefined, { timeout: "1 minute" })
        assert.strictEqual(origin, "remote")
        assert.isTrue(deadlineIn! > 50_000 && deadlineIn! <= 60_000, String(deadlineIn))
        assert.isUndefined((yield* invokeRemote(D.Context, undefined)).deadlineIn)
      }))

    it.effect("a deadline bounds a whole stream", () =>
      Effect.gen(function*() {
        const id = newId()
        const seen: Array<number> = []
        const error = yield* Effect.flip(Stream.runForEach(
          invokeRemoteStream(D.Count, { id, to: 1_000, every: 20 }, { timeout: 300 }),
          ({ n }) => Effect.sync(() => seen.push(n))
        ))
        assert.deepStrictEqual(outcomeOf(Exit.fail(error)), {
          key: D.Count.key,
          reason: { _tag: "Timeout", millis: 300 }
        })
        assert.isTrue(seen.length > 0 && seen.length < 20, String(seen.length))
        assert.include(yield* untilNoted(id, "finalized"), "finalized")
      }))

    // -----------------------------------------------------------------------
    // which operation, how often
    // -----------------------------------------------------------------------

    it.effect("what may run twice is tried again; what may not is not, without a key", () =>
      Effect.gen(function*() {
        const retry = Schedule.recurs(5)
        assert.strictEqual(yield* invokeRemote(D.Flaky, { id: newId(), failures: 2 }, { retry }), 3)
        const id = newId()
        const error = yield* Effect.flip(invokeRemote(D.FlakyOnce, { id, failures: 1 }, { retry }))
        assert.strictEqual((error as { reason: { _tag: string } }).reason._tag, "Overloaded")
        assert.deepStrictEqual(yield* notesOf(id), ["tried"])
        const keyed = newId()
        assert.strictEqual(
          yield* invokeRemote(D.FlakyOnce, { id: keyed, failures: 1 }, { retry, idempotencyKey: keyed }),
          2
        )
      }))

    it.effect("a failure that is an answer is not tried again", () =>
      Effect.gen(function*() {
        const before = yield* Effect.exit(
          invokeRemote(D.Echo, { ...echoed, number: "no number" as never }, { retry: Schedule.forever })
        )
        assert.isTrue(Exit.isFailure(before))
      }))

    it.effect("a caller of another version is refused, unless it asks for the one that is served", () =>
      Effect.gen(function*() {
        assert.strictEqual(yield* invokeRemote(D.Versioned, undefined), 3)
        const error = yield* Effect.flip(invokeRemote(D.VersionedBefore, undefined))
        assert.deepStrictEqual((error as { reason: unknown }).reason, {
          _tag: "Incompatible",
          difference: "the caller has version 2, and version 3 is served here"
        })
        assert.strictEqual(yield* invokeRemote(D.VersionedBefore, undefined, { version: 3 }), 3)
      }))

    it.effect("R1: what is not exposed is as absent as what does not exist", () =>
      Effect.gen(function*() {
        const remote = yield* RemoteInvoker
        const missing = [D.Hidden.key, "conf.nowhere", "", "__proto__", "constructor", "toString", "@opbus/nothing"]
        for (const key of missing) {
          const error = yield* Effect.flip(remote.invokeKey(key, null, {}))
          assert.deepStrictEqual(outcomeOf(Exit.fail(error)), { key, reason: { _tag: "RemoteFunctionNotFound" } })
        }
        const error = yield* Effect.flip(invokeRemote(D.Hidden, undefined))
        assert.strictEqual(error.message, "Remote function not found: conf.hidden")
      }))

    it.effect("the caller's trace goes on in the handler", () =>
      Effect.gen(function*() {
        const span = yield* Effect.currentSpan
        const { spanIds, traceId } = yield* invokeRemote(D.Context, undefined)
        assert.strictEqual(traceId, span.traceId)
        assert.isAbove(spanIds.length, 0)
      }).pipe(Effect.withSpan("caller")))

    it.effect("without a span there is no trace", () =>
      Effect.gen(function*() {
        assert.isUndefined((yield* invokeRemote(D.Context, undefined)).traceId)
      }))
  })
}
