import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import { OperationContext } from "opbus/operation/OperationContext"
import { OperationError } from "opbus/operation/OperationError"
import * as D from "./definitions.ts"

/** What happened on this side, by the id that a caller gave. */
const noted = new Map<string, Array<string>>()

const note = (id: string, what: string): Effect.Effect<void> =>
  Effect.sync(() => {
    const all = noted.get(id)
    if (all === undefined) noted.set(id, [what])
    else all.push(what)
  })

const notesOf = (id: string): ReadonlyArray<string> => noted.get(id) ?? []

export const echo = D.Echo.toLayer((input) => Effect.succeed(input))
export const text = D.Text.toLayer((input) => Effect.succeed(input))
export const nothing = D.Nothing.toLayer(() => Effect.void)
export const strict = D.Strict.toLayer(({ name }) => Effect.succeed(`hello ${name}`))

export const unfit = D.Unfit.toLayer((how) =>
  Effect.succeed(
    (how === "type"
      ? { items: "no array" }
      : how === "nested"
      ? { items: [{ n: 1 }, { n: 1.5 }] }
      : { items: [{}] }) as never
  )
)

const late = (left?: bigint) =>
  new D.Late({
    due: new Date(86_400_000),
    seen: new Date(1),
    bytes: new Uint8Array([0, 127, 255]),
    ...(left === undefined ? {} : { left })
  })

export const fail = D.Fail.toLayer((how) => {
  switch (how) {
    case "late":
      return Effect.fail(late())
    case "late-left":
      return Effect.fail(late(2n ** 70n))
    case "taken":
      return Effect.fail(new D.Taken({ title: "π \"quoted\"" }))
    case "text":
      return Effect.fail("nothing-doing" as const)
    case "refused":
      return Effect.fail(new OperationError({ key: "conf.inner", reason: { _tag: "Dropped" } }))
    case "denied":
      return Effect.fail(new OperationError({ key: "conf.inner", reason: { _tag: "Denied", why: "it is closed" } }))
    case "several":
      return Effect.failCause(
        Cause.fromReasons<D.Taken>([
          Cause.makeFailReason(new D.Taken({ title: "first" })),
          Cause.makeDieReason(new Error("hunter2"))
        ])
      )
  }
})

export const die = D.Die.toLayer((how) => {
  const error = new Error("SELECT secret FROM hunter2", { cause: new Error("/etc/secret") })
  error.name = "hunter2Error"
  switch (how) {
    case "throw":
      throw error
    case "die":
      return Effect.die(error)
    case "object":
      return Effect.die({ password: "hunter2", stack: "at Object.<anonymous> (/etc/secret)" })
    case "text":
      return Effect.die("hunter2")
    case "cause":
      return Effect.failCause(Cause.fromReasons([Cause.makeDieReason(error), Cause.makeDieReason("hunter2")]))
    case "undeclared":
      return Effect.fail(error) as Effect.Effect<never, never>
    case "tagged":
      return Effect.fail(new D.Taken({ title: "hunter2" })) as unknown as Effect.Effect<never, never>
  }
})

export const count = D.Count.toLayer((input) => {
  const { chunk = 1, dieAt, every = 0, failAt, id, pad, to, unfitAt } = input
  const padding = pad === undefined ? {} : { pad: "x".repeat(pad) }
  let next = 1
  const elements = Effect.suspend((): Effect.Effect<any, any> => {
    const elements: Array<typeof D.Count.output.Type> = []
    for (; next <= to && elements.length < chunk; next++) {
      if (next === failAt || next === dieAt) break
      elements.push({ n: next === unfitAt ? 0.5 : next, at: new Date(next), ...padding })
    }
    if (elements.length > 0) return Effect.as(note(id, `produced ${next - 1}`), elements)
    if (next === failAt) return Effect.fail(new D.Taken({ title: String(next) }))
    return next === dieAt ? Effect.die(new Error("hunter2")) : Cause.done()
  })
  const all: Stream.Stream<typeof D.Count.output.Type, D.Taken> = Stream.fromPull(
    Effect.succeed(every === 0 ? elements : Effect.delay(elements, every))
  )
  return Stream.ensuring(all, note(id, "finalized"))
})

export const report = D.Report.toLayer(Effect.fnUntraced(function*({ steps }) {
  const { progress } = yield* OperationContext
  for (let step = 1; step <= steps; step++) {
    yield* progress({ step, at: new Date(step) })
    if (step % 3 === 0) yield* Effect.yieldNow
  }
  return steps
}))

export const reportStream = D.ReportStream.toLayer((to) =>
  Stream.unwrap(
    Effect.map(OperationContext, ({ progress }) =>
      Stream.mapEffect(Stream.range(1, to), (n) => Effect.as(progress(`before ${n}`), n)))
  )
)

export const hang = D.Hang.toLayer((id) =>
  Effect.andThen(note(id, "started"), Effect.never).pipe(
    Effect.onInterrupt(() => Effect.andThen(Effect.yieldNow, note(id, "interrupted"))),
    Effect.ensuring(note(id, "finalized"))
  )
)

export const giveUp = D.GiveUp.toLayer(() => Effect.interrupt)

export const sleep = D.Sleep.toLayer(({ id, millis }) =>
  Effect.sleep(millis).pipe(
    Effect.as(id),
    Effect.onInterrupt(() => note(id, "interrupted"))
  )
)

/** Refuses its first calls, as a lane that is full does. */
const flaky = (key: string) => ({ failures, id }: { readonly id: string; readonly failures: number }) =>
  Effect.suspend(() => {
    const tries = notesOf(id).length + 1
    return Effect.andThen(
      note(id, "tried"),
      tries <= failures
        ? Effect.fail(new OperationError({ key, reason: { _tag: "Overloaded", limit: 1 } }))
        : Effect.succeed(tries)
    )
  })

export const flakyIdempotent = D.Flaky.toLayer(flaky(D.Flaky.key))
export const flakyOnce = D.FlakyOnce.toLayer(flaky(D.FlakyOnce.key))
export const versioned = D.Versioned.toLayer(() => Effect.succeed(3))

export const context = D.Context.toLayer(() =>
  Effect.gen(function*() {
    const { deadline, origin } = yield* OperationContext
    const now = yield* Clock.currentTimeMillis
    const span = yield* Effect.option(Effect.currentParentSpan)
    const spanIds: Array<string> = []
    let current = span
    while (current._tag === "Some") {
      spanIds.push(current.value.spanId)
      current = current.value._tag === "Span" ? current.value.parent : { _tag: "None" } as never
    }
    return {
      origin,
      ...(deadline === undefined ? {} : { deadlineIn: deadline - now }),
      ...(span._tag === "Some" ? { traceId: span.value.traceId } : {}),
      spanIds
    }
  })
)

export const notes = D.Notes.toLayer((id) => Effect.sync(() => notesOf(id)))
export const hidden = D.Hidden.toLayer(() => Effect.succeed("hunter2"))

/** Handlers by the name of their export, for a bundler. */
export const names = new Map<string, string>([
  [D.Echo.key, "echo"],
  [D.Text.key, "text"],
  [D.Nothing.key, "nothing"],
  [D.Strict.key, "strict"],
  [D.Unfit.key, "unfit"],
  [D.Fail.key, "fail"],
  [D.Die.key, "die"],
  [D.Count.key, "count"],
  [D.Report.key, "report"],
  [D.ReportStream.key, "reportStream"],
  [D.Hang.key, "hang"],
  [D.GiveUp.key, "giveUp"],
  [D.Sleep.key, "sleep"],
  [D.Flaky.key, "flakyIdempotent"],
  [D.FlakyOnce.key, "flakyOnce"],
  [D.Versioned.key, "versioned"],
  [D.Context.key, "context"],
  [D.Notes.key, "notes"],
  [D.Hidden.key, "hidden"]
])

export const Handlers = Layer.mergeAll(
  echo,
  text,
  nothing,
  strict,
  unfit,
  fail,
  die,
  count,
  report,
  reportStream,
  hang,
  giveUp,
  sleep,
  flakyIdempotent,
  flakyOnce,
  versioned,
  context,
  notes,
  hidden
)
