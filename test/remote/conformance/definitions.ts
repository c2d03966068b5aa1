import * as Schema from "effect/Schema"
import * as Operation from "opbus/operation/Operation"
import * as OperationGroup from "opbus/operation/OperationGroup"

/** A failure with data that JSON has no words for. */
export class Late extends Schema.TaggedError<Late>()("Late", {
  due: Schema.DateFromString,
  seen: Schema.Date,
  bytes: Schema.Uint8Array,
  left: Schema.optionalKey(Schema.BigInt)
}) {}

export class Taken extends Schema.TaggedError<Taken>()("Taken", { title: Schema.String }) {}

interface Tree {
  readonly name: string
  readonly children: ReadonlyArray<Tree>
}
const Tree: Schema.Codec<Tree> = Schema.Struct({
  name: Schema.String,
  children: Schema.Array(Schema.suspend(() => Tree))
}).annotate({ identifier: "Tree" })

export class Point extends Schema.Class<Point>("Point")({ x: Schema.Finite, y: Schema.Finite }) {}

const Everything = Schema.Struct({
  text: Schema.String,
  number: Schema.Number,
  flag: Schema.Boolean,
  at: Schema.Date,
  due: Schema.DateFromString,
  bytes: Schema.Uint8Array,
  big: Schema.BigInt,
  nothing: Schema.NullOr(Schema.String),
  kind: Schema.Literals(["a", 1, true]),
  either: Schema.Union([Schema.Struct({ left: Schema.String }), Schema.Struct({ right: Schema.Finite })]),
  pair: Schema.Tuple([Schema.String, Schema.Int]),
  record: Schema.Record(Schema.String, Schema.Int),
  map: Schema.ReadonlyMap(Schema.String, Schema.Date),
  option: Schema.Option(Schema.Date),
  tree: Tree,
  point: Point,
  key: Schema.optionalKey(Schema.String),
  loose: Schema.optional(Schema.String)
})

/** Gives back what it is given. */
export class Echo extends Operation.make({
  meta: { key: "conf.echo" },
  input: Everything,
  output: Everything
}).annotate(Operation.Idempotent, true) {}

export class Text extends Operation.make({
  meta: { key: "conf.text" },
  input: Schema.String,
  output: Schema.String
}).annotate(Operation.Idempotent, true) {}

/** From nothing to nothing. */
export class Nothing extends Operation.make({ meta: { key: "conf.nothing" } }) {}

/** Input with everything that a schema can refuse. */
export class Strict extends Operation.make({
  meta: { key: "conf.strict" },
  input: Schema.Struct({
    name: Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(5)),
    age: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 150 })),
    tags: Schema.Array(Schema.Struct({ label: Schema.String })),
    nick: Schema.optionalKey(Schema.String)
  }),
  output: Schema.String
}) {}

/** Its handler returns what does not fit. */
export class Unfit extends Operation.make({
  meta: { key: "conf.unfit" },
  input: Schema.Literals(["type", "nested", "missing"]),
  output: Schema.Struct({ items: Schema.Array(Schema.Struct({ n: Schema.Int })) })
}) {}

export class Fail extends Operation.make({
  meta: { key: "conf.fail" },
  input: Schema.Literals(["late", "late-left", "taken", "text", "refused", "denied", "several"]),
  output: Schema.Void,
  error: Schema.Union([Late, Taken, Schema.Literal("nothing-doing")])
}) {}

/** What its handler dies of must not be seen. */
export class Die extends Operation.make({
  meta: { key: "conf.die" },
  input: Schema.Literals(["throw", "die", "object", "text", "cause", "undeclared", "tagged"])
}) {}

/** What a defect may not tell. */
export const secrets = ["hunter2", "SELECT secret", "/etc/secret", "handlers.ts", "node_modules", "at Object"]

export class Count extends Operation.make({
  meta: { key: "conf.count" },
  input: Schema.Struct({
    id: Schema.String,
    to: Schema.Int,
    /** Elements of one chunk. */
    chunk: Schema.optionalKey(Schema.Int),
    failAt: Schema.optionalKey(Schema.Int),
    dieAt: Schema.optionalKey(Schema.Int),
    unfitAt: Schema.optionalKey(Schema.Int),
    /** Milliseconds between chunks. */
    every: Schema.optionalKey(Schema.Finite),
    /** How long a text comes with each element. */
    pad: Schema.optionalKey(Schema.Int)
  }),
  output: Schema.Struct({ n: Schema.Int, at: Schema.Date, pad: Schema.optionalKey(Schema.String) }),
  error: Taken,
  stream: true
}) {}

export class Report extends Operation.make({
  meta: { key: "conf.report" },
  input: Schema.Struct({ steps: Schema.Int }),
  output: Schema.Int,
  progress: Schema.Struct({ step: Schema.Int, at: Schema.Date })
}) {}

export class ReportStream extends Operation.make({
  meta: { key: "conf.reportStream" },
  input: Schema.Int,
  output: Schema.Int,
  progress: Schema.String,
  stream: true
}) {}

/** Never ends by itself. */
export class Hang extends Operation.make({ meta: { key: "conf.hang" }, input: Schema.String }) {}

/** Is interrupted by the server. */
export class GiveUp extends Operation.make({ meta: { key: "conf.giveUp" } }) {}

export class Sleep extends Operation.make({
  meta: { key: "conf.sleep" },
  input: Schema.Struct({ id: Schema.String, millis: Schema.Finite }),
  output: Schema.String
}) {}

const flaky = {
  input: Schema.Struct({ id: Schema.String, failures: Schema.Int }),
  /** Which try it was. */
  output: Schema.Int
}

/** Is refused some times before it works. */
export class Flaky
  extends Operation.make({ meta: { key: "conf.flaky" }, ...flaky }).annotate(Operation.Idempotent, true)
{}

export class FlakyOnce extends Operation.make({ meta: { key: "conf.flakyOnce" }, ...flaky }) {}

export class Versioned extends Operation.make({ meta: { key: "conf.versioned", version: 3 }, output: Schema.Int }) {}

/** The same operation as a caller knows it who was compiled earlier. */
export class VersionedBefore
  extends Operation.make({ meta: { key: "conf.versioned", version: 2 }, output: Schema.Int })
{}

/** What the handler knows about its call. */
export class Context extends Operation.make({
  meta: { key: "conf.context" },
  output: Schema.Struct({
    origin: Schema.String,
    deadlineIn: Schema.optionalKey(Schema.Finite),
    traceId: Schema.optionalKey(Schema.String),
    spanIds: Schema.Array(Schema.String)
  })
}) {}

/** What handlers noted under an id, in order. */
export class Notes extends Operation.make({
  meta: { key: "conf.notes" },
  input: Schema.String,
  output: Schema.Array(Schema.String)
}) {}

/** Has a handler, and is not exposed. */
export class Hidden extends Operation.make({ meta: { key: "conf.hidden" }, output: Schema.String }) {}

export const Exposed = OperationGroup.make(
  Echo,
  Text,
  Nothing,
  Strict,
  Unfit,
  Fail,
  Die,
  Count,
  Report,
  ReportStream,
  Hang,
  GiveUp,
  Sleep,
  Flaky,
  FlakyOnce,
  Versioned,
  Context,
  Notes
)
