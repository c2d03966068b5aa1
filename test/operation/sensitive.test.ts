import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { format } from "effect/Formatter"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as SchemaTransformation from "effect/SchemaTransformation"
import * as Stream from "effect/Stream"
import * as Tracer from "effect/Tracer"
import { Operation, OperationContext, OperationInvoker, OperationRegistry } from "opbus/operation"
import { makeRedactor } from "../../src/operation/internal/sensitive.ts"
import { bus, type Event, recordEvents, tags } from "./support.ts"

/** Everything secret in these tests contains this word. */
const word = "hunter2"
const { sensitive } = Operation

class Account extends Schema.Class<Account>("Account")({ user: Schema.String, password: sensitive(Schema.String) }) {}
class Refused
  extends Schema.TaggedError<Refused>()("Refused", { user: Schema.String, tried: sensitive(Schema.String) })
{}

interface Folder {
  readonly name: string
  readonly secret: string
  readonly folders: ReadonlyArray<Folder>
}
const Folder: Schema.Codec<Folder> = Schema.Struct({
  name: Schema.String,
  secret: sensitive(Schema.String),
  folders: Schema.Array(Schema.suspend(() => Folder))
})

const Upper = Schema.String.pipe(Schema.decodeTo(
  Schema.String,
  SchemaTransformation.transform({ decode: (text: string) => text.toUpperCase(), encode: (text) => text.toLowerCase() })
))

/** Schemas with a value that holds the word only where it is sensitive, and what may be seen of it. */
const cases: ReadonlyArray<readonly [name: string, schema: Schema.Codec<any, any>, value: unknown, visible: unknown]> =
  [
    ["a field", Schema.Struct({ a: Schema.String, b: sensitive(Schema.String) }), { a: "x", b: word }, {
      a: "x",
      b: "<redacted>"
    }],
    ["an optional field", Schema.Struct({ b: Schema.optionalKey(sensitive(Schema.String)) }), { b: word }, {
      b: "<redacted>"
    }],
    ["an absent field", Schema.Struct({ b: Schema.optional(sensitive(Schema.String)) }), {}, {}],
    ["the whole input", sensitive(Schema.Struct({ a: Schema.String })), { a: word }, "<redacted>"],
    ["an annotation on the key", Schema.Struct({ a: Schema.String.annotateKey({ sensitive: true }) }), { a: word }, {
      a: "<redacted>"
    }],
    ["a check after the annotation", Schema.Struct({ a: sensitive(Schema.String).check(Schema.isMinLength(1)) }), {
      a: word
    }, { a: "<redacted>" }],
    ["a check before the annotation", Schema.Struct({ a: sensitive(Schema.String.check(Schema.isMinLength(1))) }), {
      a: word
    }, { a: "<redacted>" }],
    ["an array", Schema.Array(sensitive(Schema.String)), [word, word], ["<redacted>", "<redacted>"]],
    [
      "a tuple and its rest",
      Schema.TupleWithRest(Schema.Tuple([Schema.String]), [Schema.Finite, sensitive(Schema.String)]),
      ["a", 1, 2, word],
      ["a", 1, 2, "<redacted>"]
    ],
    ["a record", Schema.Record(Schema.String, sensitive(Schema.String)), { a: word }, { a: "<redacted>" }],
    [
      "the rest of a struct",
      Schema.StructWithRest(Schema.Struct({ a: Schema.String }), [
        Schema.Record(Schema.TemplateLiteral(["x-", Schema.String]), sensitive(Schema.String))
      ]),
      { a: "b", "x-1": word },
      { a: "b", "x-1": "<redacted>" }
    ],
    [
      "a union",
      Schema.Union([
        Schema.Struct({ _tag: Schema.tag("A"), a: sensitive(Schema.String) }),
        Schema.Struct({ _tag: Schema.tag("B"), a: Schema.String })
      ]),
      { _tag: "A", a: word },
      { _tag: "A", a: "<redacted>" }
    ],
    [
      "a union of overlapping members",
      Schema.Union([Schema.Struct({ a: Schema.String }), Schema.Struct({ a: sensitive(Schema.String) })]),
      { a: word },
      { a: "<redacted>" }
    ],
    ["a class", Account, new Account({ user: "me", password: word }), { user: "me", password: "<redacted>" }],
    ["a class inside", Schema.Struct({ account: Account }), { account: new Account({ user: "me", password: word }) }, {
      account: { user: "me", password: "<redacted>" }
    }],
    ["an Option", Schema.Option(sensitive(Schema.String)), Option.some(word), "<redacted>"],
    ["a map", Schema.ReadonlyMap(Schema.String, sensitive(Schema.String)), new Map([["a", word]]), "<redacted>"],
    [
      "a set of structs",
      Schema.ReadonlySet(Schema.Struct({ a: sensitive(Schema.String) })),
      new Set([{ a: word }]),
      "<redacted>"
    ],
    ["a recursive schema", Folder, { name: "a", secret: word, folders: [{ name: "b", secret: word, folders: [] }] }, {
      name: "a",
      secret: "<redacted>",
      folders: [{ name: "b", secret: "<redacted>", folders: [] }]
    }],
    ["Schema.Redacted", Schema.Struct({ a: Schema.Redacted(Schema.String) }), { a: Redacted.make(word) }, {
      a: "<redacted>"
    }],
    ["a transformation of a secret", Schema.Struct({ a: sensitive(Schema.String).pipe(Schema.decodeTo(Upper)) }), {
      a: word.toUpperCase()
    }, { a: "<redacted>" }],
    ["a transformation marked after it", Schema.Struct({ a: sensitive(Upper) }), { a: word }, { a: "<redacted>" }],
    [
      "what a secret was folded into",
      Schema.Struct({ a: sensitive(Schema.String) }).pipe(
        Schema.decodeTo(Schema.String, SchemaTransformation.transform({ decode: ({ a }) => a, encode: (a) => ({ a }) }))
      ),
      word,
      "<redacted>"
    ],
    ["a name of Object.prototype", Schema.Struct({ constructor: sensitive(Schema.String) }), { constructor: word }, {
      constructor: "<redacted>"
    }]
  ]

const shown = (events: ReadonlyArray<unknown>): string =>
  `${format(events)}\n${
    JSON.stringify(events, (_key, value) => value instanceof Map || value instanceof Set ? [...value] : value)
  }`.toLowerCase()

describe("I8: sensitive fields", () => {
  for (const [name, schema, value, visible] of cases) {
    it.effect(`I8: ${name} is not in the events of input, output, error and progress`, () =>
      Effect.gen(function*() {
        const operation = Operation.make({
          meta: { key: "a.b" },
          input: schema,
          output: schema,
          error: schema,
          progress: schema
        })
        const registry = yield* OperationRegistry
        const { invoke } = yield* OperationInvoker
        let fail = false
        yield* registry.register(operation, (input) =>
          Effect.gen(function*() {
            yield* (yield* OperationContext).progress(input)
            return fail ? yield* Effect.fail(input) : input
          }))
        const events = yield* recordEvents
        assert.strictEqual(yield* invoke(operation, value), value)
        fail = true
        yield* Effect.exit(invoke(operation, value))
        assert.deepStrictEqual(tags(events), ["Started", "Progress", "Succeeded", "Started", "Progress", "Failed"])
        assert.notInclude(shown(events), word)
        assert.deepStrictEqual(events[0]?.input, visible)
        assert.isTrue(events[1]?._tag === "Progress" && events[2]?._tag === "Succeeded")
        assert.deepStrictEqual((events[2] as Extract<Event, { _tag: "Succeeded" }>).output, visible)
        const failed = events[5] as Extract<Event, { _tag: "Failed" }>
        assert.deepStrictEqual(Cause.squash(failed.cause), visible)
      }).pipe(Effect.provide(bus(Layer.empty))))
  }

  const Login = Operation.make({
    meta: { key: "session.login" },
    input: Schema.Struct({
      user: Schema.String,
      password: sensitive(Schema.Literals(["hunter2-a", "hunter2-b"])),
      pin: Schema.optionalKey(sensitive(Schema.String.check(Schema.isMinLength(50))))
    }),
    output: Schema.Struct({ token: sensitive(Schema.String) }),
    error: Refused
  })
  const login: Operation.HandlerOf<typeof Login> = ({ password, user }) =>
    user === "nobody"
      ? Effect.fail(new Refused({ user, tried: password }))
      : user === "unfit"
      ? Effect.succeed({ token: { nested: word } } as never)
      : user === "undeclared"
      ? Effect.fail({ message: word } as never)
      : Effect.succeed({ token: `${word}-token` })

  it.effect("I8: a refused input is not shown at all, and the message never repeats a value", () =>
    Effect.gen(function*() {
      const { invoke, invokeKey } = yield* OperationInvoker
      const events = yield* recordEvents
      for (
        const input of [
          { user: "a", password: "hunter2-wrong" },
          { user: "a", password: "hunter2-a", pin: word },
          { user: word, password: "hunter2-a", misplaced: word },
          { user: 1, password: "hunter2-a" },
          [word],
          word
        ]
      ) {
        for (const call of [invoke(Login, input as never), invokeKey("session.login", input)]) {
          const error = yield* Effect.flip(call as Effect.Effect<unknown, Error>)
          // The schema may be named: its own literals are no secret of the caller.
          assert.notInclude(error.message.replaceAll(/"hunter2-[ab]"/g, ""), word)
          assert.notInclude(error.message, "\n")
        }
      }
      assert.isTrue(events.every((event) => event._tag === "Failed" && event.input === "<redacted>"))
      assert.notInclude(shown(events).replaceAll(/\\*"hunter2-[ab]\\*"/g, ""), word)
    }).pipe(Effect.provide(bus(Login.toLayer(login)))))

  it.effect("I8: the input of an unknown key is not shown: nobody knows what in it is sensitive", () =>
    Effect.gen(function*() {
      const { invokeKey } = yield* OperationInvoker
      const events = yield* recordEvents
      yield* Effect.exit(invokeKey("session.logn", { user: "a", password: word }))
      assert.notInclude(shown(events), word)
    }).pipe(Effect.provide(bus(Login.toLayer(login)))))

  it.effect("I8: an error of the bus stays what it is; an undeclared failure is hidden", () =>
    Effect.gen(function*() {
      const { invoke } = yield* OperationInvoker
      const events = yield* recordEvents
      yield* Effect.exit(invoke(Login, { user: "unfit", password: "hunter2-a" }))
      yield* Effect.exit(invoke(Login, { user: "undeclared", password: "hunter2-a" }))
      yield* Effect.exit(invoke(Login, { user: "nobody", password: "hunter2-a" }))
      const errors = events.flatMap((event) => event._tag === "Failed" ? [Cause.squash(event.cause)] : [])
      assert.include(String(errors[0]), "returned invalid output at token")
      assert.strictEqual(errors[1], "<redacted>")
      assert.deepStrictEqual(errors[2], { _tag: "Refused", user: "nobody", tried: "<redacted>" })
      assert.notInclude(shown(events), word)
    }).pipe(Effect.provide(bus(Login.toLayer(login)))))

  const logs: Array<unknown> = []
  const logger = Logger.make(({ cause, message }) => void logs.push(message, cause))

  it.effect("I8: nothing of it reaches spans, nor logs at any level", () =>
    Effect.gen(function*() {
      const spans: Array<Tracer.NativeSpan> = []
      const tracer = Tracer.make({
        span: (options) => {
          const span = new Tracer.NativeSpan(options)
          spans.push(span)
          return span
        }
      })
      const { invoke, invokeStream, observe } = yield* OperationInvoker
      const registry = yield* OperationRegistry
      const Watch = Operation.make({ meta: { key: "watch" }, output: sensitive(Schema.String), stream: true })
      yield* registry.register(Watch, () => Stream.make(word))
      yield* observe(() => {
        throw new Error("an observer throws, and that is logged")
      })
      yield* Effect.gen(function*() {
        for (const user of ["me", "nobody", "unfit", "undeclared"]) {
          yield* Effect.exit(invoke(Login, { user, password: "hunter2-a" }))
        }
        yield* Effect.exit(invoke(Login, { user: "me", password: "hunter2-c" as never }))
        yield* Stream.runDrain(invokeStream(Watch, undefined))
      }).pipe(Effect.withTracer(tracer))
      assert.deepStrictEqual(spans.map(({ name }) => name), [
        ...Array.from({ length: 4 }, () => "session.login"),
        "watch"
      ])
      for (const span of spans) {
        const { attributes, events, status } = span
        const ended = status._tag === "Ended" ? status.exit : Exit.void
        assert.notInclude(
          shown([[...attributes], events, ended, Exit.isFailure(ended) ? Cause.pretty(ended.cause) : ""]),
          word,
          span.name
        )
      }
      yield* Effect.yieldNow
      assert.include(shown(logs), "an observer throws")
      assert.notInclude(shown(logs), word)
    }).pipe(Effect.provide(bus(Login.toLayer(login)).pipe(Layer.provideMerge(Logger.layer([logger]))))))

  it("a schema without secrets needs no redaction, recursive or not", () => {
    interface Tree {
      readonly children: ReadonlyArray<Tree>
    }
    const Tree: Schema.Codec<Tree> = Schema.Struct({ children: Schema.Array(Schema.suspend(() => Tree)) })
    for (const schema of [Tree, Schema.Void, Schema.Option(Schema.String), Schema.Struct({ a: Schema.Date })]) {
      assert.isUndefined(makeRedactor(schema))
    }
  })
})
