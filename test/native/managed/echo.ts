import * as Schema from "effect/Schema"
import * as ServiceDefinition from "opbus/native/ServiceDefinition"
import { ServiceUnavailable } from "opbus/native/ServiceUnavailable"
import { Operation } from "opbus/operation"
import * as SpecTypes from "opbus/operation/SpecTypes"

/** The module for tests in `native/core/src/testing`, as `opbus generate` would write it. */

export class Refused extends Schema.TaggedError<Refused>()("Refused", { reason: SpecTypes.String }) {}
export class TooMany extends Schema.TaggedError<TooMany>()("TooMany", {
  limit: SpecTypes.Uint32,
  asked: SpecTypes.Int64
}) {}
const error = Schema.Union([Refused, TooMany, ServiceUnavailable])

export const Add = Operation.make({
  meta: { key: "echo.add" },
  input: Schema.Struct({ x: SpecTypes.Number, y: SpecTypes.Number, name: SpecTypes.String }),
  output: Schema.Struct({ sum: SpecTypes.Number, name: SpecTypes.String }),
  error,
  executionMode: "sync"
})

export const Count = Operation.make({
  meta: { key: "echo.count" },
  input: Schema.Struct({
    count: SpecTypes.Uint32,
    failAt: Schema.optionalKey(SpecTypes.Uint32),
    panicAt: Schema.optionalKey(SpecTypes.Uint32),
    slow: SpecTypes.Boolean
  }),
  output: Schema.Struct({ number: SpecTypes.Uint32, name: SpecTypes.String }),
  error,
  stream: true
})

export const Fail = Operation.make({
  meta: { key: "echo.fail" },
  input: Schema.Struct({ which: SpecTypes.Uint32 }),
  output: Schema.Struct({}),
  error,
  executionMode: "sync"
})

export const Large = Operation.make({
  meta: { key: "echo.large" },
  input: Schema.Struct({ items: SpecTypes.Uint32, bytes: SpecTypes.Uint32 }),
  output: Schema.Struct({
    numbers: Schema.Array(SpecTypes.Number),
    texts: Schema.Array(SpecTypes.String),
    data: SpecTypes.Bytes
  }),
  error,
  executionMode: "sync"
})

export const Nan = Operation.make({
  meta: { key: "echo.nan" },
  input: Schema.Struct({}),
  output: Schema.Struct({ sum: SpecTypes.Number, name: SpecTypes.String }),
  error,
  executionMode: "sync"
})

export const Panic = Operation.make({
  meta: { key: "echo.panic" },
  input: Schema.Struct({ message: SpecTypes.String }),
  output: Schema.Struct({}),
  error,
  executionMode: "sync"
})

export const Slow = Operation.make({
  meta: { key: "echo.slow" },
  input: Schema.Struct({ millis: SpecTypes.Uint32, deaf: SpecTypes.Boolean }),
  output: Schema.Struct({}),
  error
})

export const Stats = Operation.make({
  meta: { key: "echo.stats" },
  input: Schema.Struct({}),
  output: Schema.Struct({
    running: SpecTypes.Uint32,
    finished: SpecTypes.Uint32,
    cancelled: SpecTypes.Uint32,
    streams: SpecTypes.Uint32,
    events: Schema.Array(SpecTypes.String)
  }),
  error,
  executionMode: "sync"
})

export const definition = ServiceDefinition.make({
  name: "echo",
  specHash: "echo-1",
  traits: ["ManagedService", "Lifecycle", "MetricsEmitter", "Configurable"],
  commands: {
    add: { name: "echo/add", operation: Add, mode: "sync", transport: "positional" },
    count: { name: "echo/count", operation: Count, mode: "stream", transport: "positional" },
    fail: { name: "echo/fail", operation: Fail, mode: "sync", transport: "positional" },
    large: { name: "echo/large", operation: Large, mode: "sync", transport: "positional" },
    nan: { name: "echo/nan", operation: Nan, mode: "sync", transport: "positional" },
    panic: { name: "echo/panic", operation: Panic, mode: "sync", transport: "positional" },
    slow: { name: "echo/slow", operation: Slow, mode: "async", transport: "positional" },
    stats: { name: "echo/stats", operation: Stats, mode: "sync", transport: "positional" }
  }
})
