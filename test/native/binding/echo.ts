/** The binding's own test module (native/core/src/testing), in the shape that `opbus generate` writes. */
import * as DateTime from "effect/DateTime"
import * as Schema from "effect/Schema"
import type * as NativeCodec from "opbus/native/NativeCodec"
import * as ServiceDefinition from "opbus/native/ServiceDefinition"
import { ServiceUnavailable } from "opbus/native/ServiceUnavailable"
import * as Operation from "opbus/operation/Operation"
import * as SpecTypes from "opbus/operation/SpecTypes"

export class Refused extends Schema.TaggedError<Refused>("test/Refused")("Refused", { reason: SpecTypes.String }) {}
export class TooMany extends Schema.TaggedError<TooMany>("test/TooMany")("TooMany", {
  limit: SpecTypes.Uint32,
  asked: SpecTypes.Int64
}) {}

const errors = Schema.Union([Refused, TooMany, ServiceUnavailable])

interface Tree {
  readonly name: string
  readonly children: ReadonlyArray<Tree>
}
const Tree = Schema.Struct({
  name: SpecTypes.String,
  children: Schema.Array(Schema.suspend((): Schema.Codec<Tree> => Tree))
})

const Shape = Schema.Union([
  Schema.TaggedStruct("Circle", { radius: SpecTypes.Number }),
  Schema.TaggedStruct("Square", { side: SpecTypes.Number, label: Schema.optionalKey(SpecTypes.String) })
])

export const Everything = Schema.Struct({
  text: SpecTypes.String,
  flag: SpecTypes.Boolean,
  number: SpecTypes.Number,
  integer: SpecTypes.Integer,
  small: SpecTypes.Int32,
  natural: SpecTypes.Uint32,
  big: SpecTypes.Int64,
  huge: SpecTypes.Uint64,
  data: SpecTypes.Bytes,
  at: SpecTypes.Timestamp,
  json: SpecTypes.Json,
  level: Schema.Literals(["low", "high"]),
  tags: Schema.Array(SpecTypes.String),
  scores: Schema.Record(Schema.String, SpecTypes.Number),
  maybe: Schema.NullOr(SpecTypes.String),
  hint: Schema.optionalKey(SpecTypes.Number),
  both: Schema.optionalKey(Schema.NullOr(SpecTypes.String)),
  shape: Shape,
  tree: Tree
})
export type Everything = typeof Everything.Type

const levels = ["low", "high"] as const

const writeTree = (writer: NativeCodec.Writer, value: Tree): void => {
  writer.string(value.name)
  writer.number(value.children.length)
  for (const child of value.children) writeTree(writer, child)
}

const readTree = (reader: NativeCodec.Reader): Tree => {
  const name = reader.string()
  const children: Array<Tree> = []
  for (let left = reader.number(); left > 0; left--) children.push(readTree(reader))
  return { name, children }
}

const writeEverything = (writer: NativeCodec.Writer, value: Everything): void => {
  writer.string(value.text)
  writer.boolean(value.flag)
  writer.number(value.number)
  writer.number(value.integer)
  writer.number(value.small)
  writer.number(value.natural)
  writer.int64(value.big)
  writer.uint64(value.huge)
  writer.bytes(value.data)
  writer.number(value.at.epochMilliseconds)
  writer.json(value.json)
  writer.number(levels.indexOf(value.level))
  writer.number(value.tags.length)
  for (const tag of value.tags) writer.string(tag)
  const scores = Object.entries(value.scores)
  writer.number(scores.length)
  for (const [key, score] of scores) {
    writer.string(key)
    writer.number(score)
  }
  writer.boolean(value.maybe !== null)
  if (value.maybe !== null) writer.string(value.maybe)
  writer.boolean(value.hint !== undefined)
  if (value.hint !== undefined) writer.number(value.hint)
  writer.boolean(value.both !== undefined)
  if (value.both !== undefined) {
    writer.boolean(value.both !== null)
    if (value.both !== null) writer.string(value.both)
  }
  if (value.shape._tag === "Circle") {
    writer.number(0)
    writer.number(value.shape.radius)
  } else {
    writer.number(1)
    writer.number(value.shape.side)
    writer.boolean(value.shape.label !== undefined)
    if (value.shape.label !== undefined) writer.string(value.shape.label)
  }
  writeTree(writer, value.tree)
}

const readEverything = (reader: NativeCodec.Reader): Everything => {
  const first = {
    text: reader.string(),
    flag: reader.boolean(),
    number: reader.number(),
    integer: reader.number(),
    small: reader.number(),
    natural: reader.number(),
    big: reader.int64(),
    huge: reader.uint64(),
    data: reader.bytes(),
    at: DateTime.makeUnsafe(reader.number()),
    json: reader.json(),
    level: levels[reader.number()]!
  }
  const tags: Array<string> = []
  for (let left = reader.number(); left > 0; left--) tags.push(reader.string())
  const scores: Array<[string, number]> = []
  for (let left = reader.number(); left > 0; left--) scores.push([reader.string(), reader.number()])
  const maybe = reader.boolean() ? reader.string() : null
  const hint = reader.boolean() ? reader.number() : undefined
  const both = reader.boolean() ? (reader.boolean() ? reader.string() : null) : undefined
  const readShape = (): Everything["shape"] => {
    if (reader.number() === 0) return { _tag: "Circle", radius: reader.number() }
    const side = reader.number()
    const label = reader.boolean() ? reader.string() : undefined
    return { _tag: "Square", side, ...(label === undefined ? undefined : { label }) }
  }
  const shape = readShape()
  return {
    ...first,
    tags,
    scores: Object.fromEntries(scores),
    maybe,
    ...(hint === undefined ? undefined : { hint }),
    ...(both === undefined ? undefined : { both }),
    shape,
    tree: readTree(reader)
  }
}

const readError = (reader: NativeCodec.Reader): Refused | TooMany =>
  reader.number() === 0
    ? new Refused({ reason: reader.string() })
    : new TooMany({ limit: reader.number(), asked: reader.int64() })

const AddParams = Schema.Struct({ x: SpecTypes.Number, y: SpecTypes.Number, name: SpecTypes.String })
const AddResult = Schema.Struct({ sum: SpecTypes.Number, name: SpecTypes.String })
const Nothing = Schema.Struct({})
const CountParams = Schema.Struct({
  count: SpecTypes.Uint32,
  failAt: Schema.optionalKey(SpecTypes.Uint32),
  panicAt: Schema.optionalKey(SpecTypes.Uint32),
  slow: SpecTypes.Boolean
})
const CountResult = Schema.Struct({ number: SpecTypes.Uint32, name: SpecTypes.String })
const LargeParams = Schema.Struct({ items: SpecTypes.Uint32, bytes: SpecTypes.Uint32 })
const LargeResult = Schema.Struct({
  numbers: Schema.Array(SpecTypes.Number),
  texts: Schema.Array(SpecTypes.String),
  data: SpecTypes.Bytes
})
const PanicParams = Schema.Struct({ message: SpecTypes.String })
const RefusedParams = Schema.Struct({ which: SpecTypes.Uint32 })
const SlowParams = Schema.Struct({ millis: SpecTypes.Uint32, deaf: SpecTypes.Boolean })
const StatsResult = Schema.Struct({
  running: SpecTypes.Uint32,
  finished: SpecTypes.Uint32,
  cancelled: SpecTypes.Uint32,
  streams: SpecTypes.Uint32,
  events: Schema.Array(SpecTypes.String)
})

export class Add extends Operation.make({
  meta: { key: "echo.add" },
  input: AddParams,
  output: AddResult,
  error: errors,
  executionMode: "sync"
}) {}
export class All extends Operation.make({
  meta: { key: "echo.all" },
  input: Everything,
  output: Everything,
  error: errors,
  executionMode: "sync"
}) {}
class AllLater extends Operation.make({
  meta: { key: "echo.allLater" },
  input: Everything,
  output: Everything,
  error: errors
}) {}
class Count extends Operation.make({
  meta: { key: "echo.count" },
  input: CountParams,
  output: CountResult,
  error: errors,
  stream: true
}) {}
class Fail extends Operation.make({
  meta: { key: "echo.fail" },
  input: RefusedParams,
  output: Nothing,
  error: errors,
  executionMode: "sync"
}) {}
class Large extends Operation.make({
  meta: { key: "echo.large" },
  input: LargeParams,
  output: LargeResult,
  error: errors,
  executionMode: "sync"
}) {}
class LargeLater extends Operation.make({
  meta: { key: "echo.largeLater" },
  input: LargeParams,
  output: LargeResult,
  error: errors
}) {}
class Nan extends Operation.make({
  meta: { key: "echo.nan" },
  input: Nothing,
  output: AddResult,
  error: errors,
  executionMode: "sync"
}) {}
class Panic extends Operation.make({
  meta: { key: "echo.panic" },
  input: PanicParams,
  output: Nothing,
  error: errors,
  executionMode: "sync"
}) {}
class PanicLater extends Operation.make({
  meta: { key: "echo.panicLater" },
  input: PanicParams,
  output: Nothing,
  error: errors
}) {}
class Slow extends Operation.make({
  meta: { key: "echo.slow" },
  input: SlowParams,
  output: Nothing,
  error: errors
}) {}
class SlowNow extends Operation.make({
  meta: { key: "echo.slowNow" },
  input: SlowParams,
  output: Nothing,
  error: errors,
  executionMode: "sync"
}) {}
class Stats extends Operation.make({
  meta: { key: "echo.stats" },
  input: Nothing,
  output: StatsResult,
  error: errors,
  executionMode: "sync"
}) {}

type Codec<Params, Result> = NativeCodec.NativeCodec<Params, Result, Refused | TooMany>

const AddCodec: Codec<typeof AddParams.Type, typeof AddResult.Type> = {
  writeInput: (writer, params) => {
    writer.number(params.x)
    writer.number(params.y)
    writer.string(params.name)
  },
  readOutput: (reader) => ({ sum: reader.number(), name: reader.string() }),
  readError
}
const AllCodec: Codec<Everything, Everything> = {
  writeInput: writeEverything,
  readOutput: readEverything,
  readError
}
const CountCodec: Codec<typeof CountParams.Type, typeof CountResult.Type> = {
  writeInput: (writer, { count, failAt, panicAt, slow }) => {
    writer.number(count)
    for (const at of [failAt, panicAt]) {
      writer.boolean(at !== undefined)
      if (at !== undefined) writer.number(at)
    }
    writer.boolean(slow)
  },
  readOutput: (reader) => ({ number: reader.number(), name: reader.string() }),
  readError
}
const LargeCodec: Codec<typeof LargeParams.Type, typeof LargeResult.Type> = {
  writeInput: (writer, params) => {
    writer.number(params.items)
    writer.number(params.bytes)
  },
  readOutput: (reader) => {
    const numbers: Array<number> = []
    for (let left = reader.number(); left > 0; left--) numbers.push(reader.number())
    const texts: Array<string> = []
    for (let left = reader.number(); left > 0; left--) texts.push(reader.string())
    return { numbers, texts, data: reader.bytes() }
  },
  readError
}
const nothing = (): {} => ({})
const FailCodec: Codec<typeof RefusedParams.Type, {}> = {
  writeInput: (writer, params) => writer.number(params.which),
  readOutput: nothing,
  readError
}
const NanCodec: Codec<{}, typeof AddResult.Type> = { ...AddCodec, writeInput: () => {} }
const PanicCodec: Codec<typeof PanicParams.Type, {}> = {
  writeInput: (writer, params) => writer.string(params.message),
  readOutput: nothing,
  readError
}
const SlowCodec: Codec<typeof SlowParams.Type, {}> = {
  writeInput: (writer, params) => {
    writer.number(params.millis)
    writer.boolean(params.deaf)
  },
  readOutput: nothing,
  readError
}
const StatsCodec: Codec<{}, typeof StatsResult.Type> = {
  writeInput: () => {},
  readOutput: (reader) => {
    const first = {
      running: reader.number(),
      finished: reader.number(),
      cancelled: reader.number(),
      streams: reader.number()
    }
    const events: Array<string> = []
    for (let left = reader.number(); left > 0; left--) events.push(reader.string())
    return { ...first, events }
  },
  readError
}

const sync = <Op, C>(name: string, operation: Op, codec: C) =>
  ({ name, operation, mode: "sync", transport: "positional", codec }) as const
const later = <Op, C>(name: string, operation: Op, codec: C) =>
  ({ name, operation, mode: "async", transport: "positional", codec }) as const

/** The commands; those that are here several times differ in how they cross. */
export const definition = ServiceDefinition.make({
  name: "echo",
  specHash: "echo-1",
  traits: ["ManagedService", "Lifecycle", "MetricsEmitter", "Configurable"],
  commands: {
    add: sync("echo/add", Add, AddCodec),
    addJson: { name: "echo/add", operation: Add, mode: "sync", transport: "json" },
    all: sync("echo/all", All, AllCodec),
    allJson: { name: "echo/all", operation: All, mode: "sync", transport: "json" },
    allBytes: { name: "echo/all", operation: All, mode: "sync", transport: "bytes", codec: AllCodec },
    allLater: later("echo/all", AllLater, AllCodec),
    allJsonLater: { name: "echo/all", operation: AllLater, mode: "async", transport: "json" },
    allBytesLater: { name: "echo/all", operation: AllLater, mode: "async", transport: "bytes", codec: AllCodec },
    count: { name: "echo/count", operation: Count, mode: "stream", transport: "positional", codec: CountCodec },
    countJson: { name: "echo/count", operation: Count, mode: "stream", transport: "json" },
    countBytes: { name: "echo/count", operation: Count, mode: "stream", transport: "bytes", codec: CountCodec },
    fail: sync("echo/fail", Fail, FailCodec),
    failJson: { name: "echo/fail", operation: Fail, mode: "sync", transport: "json" },
    failBytes: { name: "echo/fail", operation: Fail, mode: "sync", transport: "bytes", codec: FailCodec },
    large: sync("echo/large", Large, LargeCodec),
    largeBytes: { name: "echo/large", operation: Large, mode: "sync", transport: "bytes", codec: LargeCodec },
    largeLater: later("echo/large", LargeLater, LargeCodec),
    nan: sync("echo/nan", Nan, NanCodec),
    panic: sync("echo/panic", Panic, PanicCodec),
    panicLater: later("echo/panic", PanicLater, PanicCodec),
    slow: later("echo/slow", Slow, SlowCodec),
    slowNow: sync("echo/slow", SlowNow, SlowCodec),
    stats: sync("echo/stats", Stats, StatsCodec)
  }
})

/** A value of every type, with what is awkward about each. */
export const everything: Everything = {
  text: "aé\u{1f600}\u0000\u2028",
  flag: true,
  number: -0.1,
  integer: -9_007_199_254_740_991,
  small: -2_147_483_648,
  natural: 4_294_967_295,
  big: -(2n ** 63n),
  huge: 2n ** 64n - 1n,
  data: new Uint8Array([0, 255, 10]),
  at: DateTime.makeUnsafe(-62_167_219_200_000),
  json: { a: [1, null, { "__proto__b": "c" }], b: "é\u{1f600}" },
  level: "high",
  tags: ["", "x", "\u{1f600}"],
  scores: { a: 1, "ü": 2.5, "": 1e300 },
  maybe: null,
  both: null,
  shape: { _tag: "Square", side: 2, label: "l" },
  tree: { name: "root", children: [{ name: "leaf", children: [] }, { name: "", children: [] }] }
}
