/**
 * The operations, handlers and undo mappings of the campaign: thin shells around `domain.ts` that write the log which the
 * model follows.
 */
import { Cause, Deferred, Effect, Exit, Fiber, Layer, Schema } from "effect"
import { Operation, OperationError, OperationInvoker, type OperationRegistry } from "opbus"
import { HistoryError, HistoryTracker, UndoMapping, type UndoRegistry } from "opbus/history"
import * as domain from "./domain.ts"
import type { Input, Json, Mapping, OperationName, Output } from "./domain.ts"
import { registersOf } from "./model.ts"
import type { Action, ActionOrigin, Group, Leaf, Macro, Program } from "./program.ts"
import { actionsOf, within } from "./program.ts"

export class AppError extends Schema.TaggedError<AppError>()("AppError", { why: Schema.String }) {}

const S = Schema.String
const optional = Schema.optionalKey

const definitions: {
  readonly [name in OperationName]: readonly [input: Schema.Struct.Fields, output: Schema.Struct.Fields]
} = {
  "register.set": [{ register: S, value: S }, { previous: S }],
  "register.put": [{ register: S, value: S }, {}],
  "layout.set": [{ register: S, value: S }, {}],
  "text.type": [{ register: S, text: S }, {}],
  "text.drag": [{ register: S, value: S }, {}],
  "text.restore": [{ register: S, value: S }, {}],
  "registers.restore": [{ values: Schema.Record(S, S) }, {}],
  "counter.add": [{ counter: S, by: Schema.Int }, {}],
  "list.insert": [{ list: S, at: Schema.Int, item: S }, { index: Schema.Int }],
  "list.remove": [{ list: S, at: Schema.Int }, { index: Schema.Int, item: S }],
  "note.create": [{ parent: S, title: S, id: optional(S) }, { id: S, document: S }],
  "note.delete": [{ id: S }, { ids: Schema.Array(S), document: S, parent: S }],
  "note.restore": [
    { id: S, parent: S, notes: Schema.Record(S, Schema.Struct({ title: S, parent: S })) },
    { id: S, document: S }
  ],
  "note.rename": [{ id: S, title: S }, { previous: S, document: S }],
  "note.move": [{ id: S, parent: S }, { previous: S, from: S, document: S }],
  "journal.append": [{ line: S }, {}],
  "mail.send": [{ line: S }, {}],
  "document.read": [{}, { notes: Schema.Int }]
}

type AnyOperation = Operation.Operation<
  string,
  Schema.ConstraintCodec<Input, unknown>,
  Schema.ConstraintCodec<Output, unknown>,
  typeof AppError
>

const named = { n: Schema.Int, inv: optional(Schema.Boolean) }

const define = (op: OperationName): AnyOperation => {
  const [input, output] = definitions[op]
  const operation = Operation.make(
    {
      meta: { key: op, label: op },
      input: Schema.Struct({ ...named, ...input }),
      output: Schema.Struct(output),
      error: AppError,
      executionMode: domain.isSync(op) ? "sync" : "async",
      ...(domain.isLane(op) &&
        { concurrency: { serialBy: (input: { readonly list: string }) => input.list, lane: "lists" } })
    } as unknown as Parameters<typeof Operation.make>[0]
  ) as unknown as AnyOperation
  return operation
    .annotate(Operation.Readonly, domain.isReadonly(op))
    .annotate(Operation.Irreversible, domain.isIrreversible(op))
}

const operations = Object.fromEntries(domain.leafNames.map((name) => [name, define(name)])) as unknown as {
  readonly [name in OperationName]: AnyOperation
}

const macroInput = Schema.Struct({ ...named, list: optional(S) })
const macroOutput = Schema.Struct({ n: Schema.Int })

const defineMacro = (kind: Macro["kind"]): AnyOperation =>
  Operation.make({
    meta: { key: `macro.${kind}`, label: `macro.${kind}` },
    input: macroInput,
    output: macroOutput,
    error: AppError,
    ...(kind === "lane" && { concurrency: { serialBy: (input: typeof macroInput.Type) => input.list!, lane: "lists" } })
  }) as unknown as AnyOperation

const macros: { readonly [kind in Macro["kind"]]: AnyOperation } = {
  plain: defineMacro("plain"),
  mapped: defineMacro("mapped"),
  lane: defineMacro("lane")
}

/** How an action ended, in one word; the model predicts it. */
export const tagOf = (exit: Exit.Exit<unknown, unknown>): string => {
  if (Exit.isSuccess(exit)) return "ok"
  const errors = exit.cause.reasons.flatMap((reason) => reason._tag === "Fail" ? [reason.error] : [])
  // Beside a defect Effect makes the errors of finalizers defects, so that no recovery from them drops it.
  for (const reason of exit.cause.reasons) {
    if (
      reason._tag === "Die" && reason.defect instanceof HistoryError &&
      reason.defect.reason._tag === "RollbackIncomplete"
    ) return "RollbackIncomplete"
  }
  const tags = errors.map((error) =>
    error instanceof AppError
      ? "failed"
      : error instanceof OperationError
      ? error.reason._tag
      : (error as { readonly reason?: { readonly _tag: string } }).reason?._tag ?? String(error)
  )
  if (tags.length > 0) return tags.includes("RollbackIncomplete") ? "RollbackIncomplete" : tags.join("+")
  return Cause.hasDies(exit.cause) ? "died" : "interrupted"
}

/** One run of a program: the documents, the log, and what the handlers need to misbehave on cue. */
export class Harness {
  readonly world = domain.emptyWorld()
  readonly log: Array<string> = []
  readonly noteIds = new Map<number, string>()
  readonly faults = new Map<string, { readonly how: string; times: number; after: number }>()
  /** The undo or redo that runs alone, and may be interrupted by a handler in this phase. */
  interruptible: { readonly phase: "inverse" | "forward"; readonly fiber: Fiber.Fiber<unknown, unknown> } | undefined
  /** The fiber to interrupt when an action waits for it. */
  readonly fibers = new Map<number, Fiber.Fiber<unknown, unknown>>()
  readonly stragglers: Array<Fiber.Fiber<unknown, unknown>> = []
  private arrival = Deferred.makeUnsafe<void>()
  private readonly gates = new Map<number, Deferred.Deferred<void>>()
  private readonly opened = new Set<number>()
  private readonly nodes: ReadonlyMap<number, Action>
  private given: Array<unknown> = []

  constructor(program: Program) {
    this.nodes = new Map(actionsOf(program).map((action) => [action.n, action]))
  }

  /** The children of mapped composites, which run again when that is redone as a whole. */
  get inMapped(): ReadonlySet<number> {
    return new Set(
      [...this.nodes.values()].flatMap((action) =>
        action.t === "macro" && action.kind === "mapped" ? within(action).slice(1).map(({ n }) => n) : []
      )
    )
  }

  isMacro(n: number): boolean {
    return this.nodes.get(n)?.t === "macro"
  }

  /** An action that succeeds and yet has nothing to take back. */
  leavesNothing(input: unknown): boolean {
    const node = this.nodes.get((input as Input).n)
    return node?.t === "leaf" && node.flaw === "notUndoable"
  }

  // -------------------------------------------------------------------------
  // gates and shared objects
  // -------------------------------------------------------------------------

  private gate(n: number): Deferred.Deferred<void> {
    let gate = this.gates.get(n)
    if (gate === undefined) this.gates.set(n, gate = Deferred.makeUnsafe<void>())
    return gate
  }

  /** Waits until an action waits at a gate. Asked for before the action starts. */
  get arrived(): Effect.Effect<void> {
    this.arrival = Deferred.makeUnsafe<void>()
    return Deferred.await(this.arrival)
  }

  open(n: number): void {
    Deferred.doneUnsafe(this.gate(n), Exit.void)
  }

  /** Remembers what was handed to the library, which must not rely on it later (H9). */
  private give<A>(value: A): A {
    this.given.push(value)
    return value
  }

  /** Scribbles over everything that was handed to the library. */
  scribble(): void {
    const live = new Set<unknown>(Object.values(this.world.notes))
    const spoil = (value: unknown): void => {
      if (typeof value !== "object" || value === null || live.has(value) || Object.isFrozen(value)) return
      const record = value as Record<string, unknown>
      for (const key of Object.keys(record)) {
        if (typeof record[key] === "object") spoil(record[key])
        else record[key] = typeof record[key] === "number" ? -999 : "scribbled"
      }
    }
    for (const value of this.given) spoil(value)
    this.given = []
  }

  // -------------------------------------------------------------------------
  // handlers
  // -------------------------------------------------------------------------

  private takeFault(input: Input): Effect.Effect<void, AppError> {
    const phase = input.inv === true ? "inverse" : "forward"
    const fault = this.faults.get(`${phase} ${input.n}`)
    if (fault === undefined || fault.times === 0) return Effect.void
    if (fault.how === "extern" && this.interruptible?.phase !== phase) return Effect.void
    if (fault.after-- > 0) return Effect.void
    fault.times--
    if (fault.how === "extern") {
      this.log.push(`extern ${input.n}`)
      const { fiber } = this.interruptible!
      this.interruptible = undefined
      return Effect.andThen(Effect.forkDetach(Fiber.interrupt(fiber)), Effect.never)
    }
    return fault.how === "fail" ? Effect.fail(new AppError({ why: "a fault" })) : Effect.die("a fault")
  }

  /** The executor interrupts the fiber of the action that waits here. A redo runs it when that fiber is long gone. */
  private readonly interrupted = (n: number): Effect.Effect<void> =>
    Effect.suspend(() => {
      const fiber = this.fibers.get(n)!
      if (fiber.pollUnsafe() !== undefined) return Effect.void
      this.log.push(`extern ${n}`)
      return Effect.andThen(Effect.forkDetach(Fiber.interrupt(fiber)), Effect.never)
    })

  private handler(op: OperationName): (input: Input) => Effect.Effect<Output, AppError> {
    const { log, world } = this
    return Effect.fnUntraced({ self: this }, function*(this: Harness, input: Input) {
      const mark = input.inv === true ? "'" : ""
      const node = input.inv === true ? undefined : this.nodes.get(input.n) as Leaf
      const [before, after] = node?.yields ?? [0, 0]
      log.push(`start ${op} ${input.n}${mark}`)
      yield* this.takeFault(input)
      const memory = domain.begin(world, op, input)
      for (let i = 0; i < before; i++) yield* Effect.yieldNow
      switch (node?.flaw) {
        case "failBefore":
          return yield* Effect.fail(new AppError({ why: "before" }))
        case "dieBefore":
          return yield* Effect.die("before")
        case "interruptBefore":
          return yield* Effect.interrupt
        case "externBefore":
          yield* this.interrupted(input.n)
          break
        case "gate":
          if (!this.opened.has(input.n)) {
            log.push(`gate ${input.n}`)
            Deferred.doneUnsafe(this.arrival, Exit.void)
            yield* Deferred.await(this.gate(input.n))
            this.opened.add(input.n)
            log.push(`open ${input.n}`)
          }
          break
        case "badOutput":
          log.push(`end ${input.n}`)
          return null as unknown as Output
        case "notUndoable":
          log.push(`end ${input.n}`)
          return this.give(unwritten(op))
      }
      const remembered = domain.remember(world, op, input)
      log.push(`write ${op} ${input.n}${mark}`)
      const output = domain.write(world, op, input, memory)
      if (typeof output === "string") return yield* Effect.fail(new AppError({ why: output }))
      const cleanup = Effect.sync(() => {
        log.push(`cleanup ${input.n}`)
        domain.takeBack(world, op, input, output, remembered)
      })
      switch (node?.flaw) {
        case "failAfter":
          return yield* Effect.andThen(cleanup, Effect.fail(new AppError({ why: "after" })))
        case "dieAfter":
          return yield* Effect.andThen(cleanup, Effect.die("after"))
        case "interruptAfter":
          return yield* Effect.andThen(cleanup, Effect.interrupt)
        case "externAfter":
          yield* Effect.onInterrupt(this.interrupted(input.n), () => cleanup)
      }
      if (op === "note.create" && input.inv !== true) this.noteIds.set(input.n, String(output["id"]))
      for (let i = 0; i < after; i++) yield* Effect.yieldNow
      log.push(`end ${input.n}${mark}`)
      return this.give(output)
    })
  }

  private get restoreHandler() {
    return Effect.map(
      OperationInvoker,
      ({ invoke }) =>
        Effect.fnUntraced({ self: this }, function*(this: Harness, input: Input) {
          this.log.push(`start registers.restore ${input.n}'`)
          yield* this.takeFault(input)
          for (const child of domain.restoring(input)) {
            yield* Effect.catchCause(
              invoke(operations["register.put"], this.give(child)),
              () => Effect.fail(new AppError({ why: "a register cannot be restored" }))
            )
          }
          this.log.push(`restored ${input.n}'`)
          return {} as Output
        })
    )
  }

  private macroHandler(kind: Macro["kind"]) {
    return Effect.gen({ self: this }, function*(this: Harness) {
      const services = yield* Effect.context<OperationInvoker | HistoryTracker>()
      return Effect.fnUntraced({ self: this }, function*(this: Harness, input: Input) {
        const macro = this.nodes.get(input.n) as Macro
        this.log.push(`start macro.${kind} ${input.n}`)
        yield* this.takeFault(input)
        yield* Effect.provideContext(this.body(macro), services)
        this.log.push(`end ${input.n}`)
        return macro.badOutput === true ? null as unknown as Output : this.give({ n: input.n } as Output)
      })
    })
  }

  // -------------------------------------------------------------------------
  // actions
  // -------------------------------------------------------------------------

  private inputOf(leaf: Leaf): Input {
    const args = Object.entries(leaf.args).map(([name, value]) => [
      name,
      typeof value === "object" ? this.noteIds.get(value.ref) ?? `missing${value.ref}` : value
    ])
    return this.give(
      (leaf.flaw === "badInput"
        ? { n: "not a number" }
        : { n: leaf.n, ...Object.fromEntries(args) }) as unknown as Input
    )
  }

  /** Runs an action to its end, which is never a failure of the effect itself, and notes how it ended. */
  run(action: Action, origin?: ActionOrigin): Effect.Effect<string, never, OperationInvoker | HistoryTracker> {
    return Effect.flatMap(
      Effect.exit(this.start(action, origin)),
      (exit) =>
        Effect.sync(() => {
          const tag = tagOf(exit)
          this.log.push(`exit ${action.n} ${tag}`)
          return tag
        })
    )
  }

  private start(
    action: Action,
    origin: ActionOrigin | undefined
  ): Effect.Effect<unknown, unknown, OperationInvoker | HistoryTracker> {
    const options = origin === undefined ? undefined : { origin }
    switch (action.t) {
      case "leaf":
        return OperationInvoker.invoke(operations[action.op], this.inputOf(action), options)
      case "macro":
        return OperationInvoker.invoke(
          macros[action.kind],
          this.give({ n: action.n, ...(action.list !== undefined && { list: action.list }) }),
          options
        )
      case "group":
        return HistoryTracker.group(`#${action.n}`)(this.grouped(action))
      case "transaction":
        return HistoryTracker.transaction(`#${action.n}`)(this.grouped(action))
      case "undoInside":
        return HistoryTracker.undo
      case "followup":
        return OperationInvoker.schedule(operations[action.action.op], this.inputOf(action.action)).pipe(
          Effect.map((followup) => {
            const { n } = action.action
            this.stragglers.push(
              Effect.runFork(Effect.map(followup.await, (exit) => this.log.push(`exit ${n} ${tagOf(exit)}`)))
            )
          })
        )
      case "straggler":
        return Effect.map(
          Effect.forkDetach(this.run(action.action)),
          (fiber) => this.stragglers.push(fiber)
        )
    }
  }

  private grouped(group: Group) {
    return Effect.suspend(() => {
      this.log.push(`${group.t} ${group.n}`)
      return this.body(group)
    })
  }

  private body(node: Macro | Group): Effect.Effect<void, AppError, OperationInvoker | HistoryTracker> {
    return Effect.gen({ self: this }, function*(this: Harness) {
      if (node.parallel === true) {
        yield* Effect.forEach(node.body, (child) => this.run(child), { concurrency: "unbounded", discard: true })
      }
      for (let i = 0; i <= node.body.length; i++) {
        if (node.stop !== undefined && Math.min(node.stop.at, node.body.length) === i) {
          switch (node.stop.how) {
            case "fail":
              return yield* Effect.fail(new AppError({ why: "stop" }))
            case "die":
              return yield* Effect.die("stop")
            case "interrupt":
              return yield* Effect.interrupt
            case "extern":
              yield* this.interrupted(node.n)
          }
        }
        const child = node.body[i]
        if (child === undefined || node.parallel === true) continue
        const tag = yield* this.run(child)
        if (tag !== "ok" && node.keepGoing !== true) {
          return yield* Effect.fail(new AppError({ why: `child ${child.n}` }))
        }
      }
    })
  }

  // -------------------------------------------------------------------------
  // layers
  // -------------------------------------------------------------------------

  private handlers(): Layer.Layer<never, never, OperationRegistry | OperationInvoker | HistoryTracker> {
    return Layer.mergeAll(
      operations["registers.restore"].toLayer(this.restoreHandler) as unknown as Layer.Layer<
        never,
        never,
        OperationRegistry | OperationInvoker
      >,
      ...domain.leafNames.filter((op) => op !== "registers.restore").map((op) =>
        operations[op].toLayer(this.handler(op))
      ) as unknown as [Layer.Layer<never, never, OperationRegistry>],
      ...(["plain", "mapped", "lane"] as const).map((kind) =>
        macros[kind].toLayer(this.macroHandler(kind))
      ) as unknown as [
        Layer.Layer<never, never, OperationRegistry | OperationInvoker | HistoryTracker>
      ]
    )
  }

  private mappings(): Layer.Layer<never, never, UndoRegistry> {
    const of = (op: OperationName) => this.mapping(operations[op], op, () => domain.mappings[op]!)
    return Layer.mergeAll(
      this.mapping(
        macros.mapped,
        "macro.mapped",
        (input) => domain.macroMapping(registersOf(this.nodes.get(input.n) as Macro))
      ),
      ...domain.leafNames.filter(domain.isMapped).map(of) as [Layer.Layer<never, never, UndoRegistry>]
    )
  }

  private mapping(
    operation: AnyOperation,
    name: string,
    mappingOf: (input: Input) => Mapping
  ): Layer.Layer<never, never, UndoRegistry> {
    // What does not depend on the input: the composite's mapping differs only in the registers.
    const shape = name === "macro.mapped" ? domain.macroMapping([]) : domain.mappings[name as OperationName]!
    const flaw = (input: Input) => {
      const node = input.inv === true ? undefined : this.nodes.get(input.n)
      return node?.t === "leaf" ? node.flaw : undefined
    }
    return UndoMapping.make(
      {
        operation,
        inverse: operations[shape.inverse],
        ...(shape.capture !== undefined && {
          capture: (input: Input) =>
            Effect.sync(() => {
              this.log.push(`capture ${name} ${input.n}${input.inv === true ? "'" : ""}`)
              if (flaw(input) === "captureFails") throw new Error("captureFails")
              return this.give(mappingOf(input).capture!(this.world, input))
            })
        }),
        deriveContext: (input: Input, output: Output, captured: Json | undefined) => {
          if (flaw(input) === "deriveFails") throw new Error("deriveFails")
          if (flaw(input) === "notUndoable") return undefined
          return this.give(mappingOf(input).derive(input, output, captured))
        },
        ...(shape.redo !== undefined && {
          redo: (input: Input, output: Output, inverseOutput: Output) =>
            mappingOf(input).redo!(input, output, inverseOutput)
        }),
        ...(shape.coalesce !== undefined && { coalesce: { ...shape.coalesce, within: domain.coalesceMillis } }),
        scope: (input: Input, output: Output) => mappingOf(input).scope(input, output),
        touches: (input: Input, output: Output) => mappingOf(input).touches(input, output),
        message: (input: Input) => {
          if (flaw(input) === "messageFails") throw new Error("messageFails")
          return `#${input.n}`
        }
      } as unknown as Parameters<typeof UndoMapping.make>[0]
    ).toLayer as Layer.Layer<never, never, UndoRegistry>
  }

  get plugins() {
    return Layer.merge(this.handlers(), this.mappings())
  }
}

/** A valid output of a handler that changed nothing. */
const unwritten = (op: OperationName): Output =>
  Object.fromEntries(
    Object.keys(definitions[op][1]).map((
      key
    ) => [key, key === "ids" ? [] : key === "index" || key === "notes" ? 0 : ""])
  )
