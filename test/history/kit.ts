import { Context, Effect, Layer, Schema } from "effect"
import {
  CurrentActor,
  FollowupScheduler,
  type HistoryStore,
  HistoryTracker,
  invoke,
  Operation,
  OperationInvoker,
  OperationRegistry,
  UndoMapping,
  UndoRegistry
} from "opbus"
import type { HistoryOptions } from "opbus/history"

/** What the operations of the tests write. */
export class World extends Context.Service<World, {
  readonly cells: Map<string, string>
  readonly log: Array<string>
  /** Keys of operations that fail the next time, and how. */
  readonly faults: Map<string, "fail" | "die" | "never">
}>()("test/World") {
  static readonly layer = Layer.sync(World, () => ({ cells: new Map(), log: [], faults: new Map() }))
}

export class Broken extends Schema.TaggedError<Broken>()("Broken", { key: Schema.String }) {}

const cell = Schema.Struct({ cell: Schema.String, value: Schema.String })

/** Asynchronous; its output is the value before. Cells are named "document/name". */
export const Write = Operation.make({
  meta: { key: "cell.write", label: "Write" },
  input: cell,
  output: Schema.Struct({ before: Schema.String }),
  error: Broken
})

/** Synchronous; its mapping captures the value before. */
const Put = Operation.make({ meta: { key: "cell.put" }, input: cell, error: Broken, executionMode: "sync" })

/** Idempotent inverse of `Erase`. */
const Restore = Operation.make({ meta: { key: "cell.restore" }, input: cell, error: Broken }).annotate(
  Operation.Idempotent,
  true
)
export const Erase = Operation.make({
  meta: { key: "cell.erase" },
  input: Schema.Struct({ cell: Schema.String }),
  error: Broken
})

export const Create = Operation.make({
  meta: { key: "note.create" },
  input: Schema.Struct({ title: Schema.String, id: Schema.optionalKey(Schema.String) }),
  output: Schema.Struct({ id: Schema.String })
})
export const Delete = Operation.make({ meta: { key: "note.delete" }, input: Schema.Struct({ id: Schema.String }) })

/** Runs what it is given: the tests put the body of the handler here. */
export const Macro = Operation.make({
  meta: { key: "macro" },
  input: Schema.Struct({ name: Schema.String }),
  output: Schema.Struct({ done: Schema.Boolean }),
  error: Broken
})
/** The same with a mapping: it restores all cells. */
const MappedMacro = Operation.make({ ...Macro, meta: { key: "macro.mapped" } })
const RestoreAll = Operation.make({
  meta: { key: "cells.restore" },
  input: Schema.Struct({ cells: Schema.Record(Schema.String, Schema.String) })
})

export const Read = Operation.make({
  meta: { key: "cell.read" },
  input: Schema.Struct({ cell: Schema.String }),
  output: Schema.String
})
  .annotate(Operation.Readonly, true)
export const Unmapped = Operation.make({ meta: { key: "unmapped" } })
export const Mail = Operation.make({ meta: { key: "mail.send" } }).annotate(Operation.Irreversible, true)

type Body = Effect.Effect<unknown, unknown, OperationInvoker | HistoryTracker>

/** The bodies of macros, by the name they are invoked with. */
const bodies = new Map<string, Body>()

const fault = (key: string) =>
  World.use(({ faults }) => {
    const how = faults.get(key)
    faults.delete(key)
    return how === undefined
      ? Effect.void
      : how === "fail"
      ? Effect.fail(new Broken({ key }))
      : how === "die"
      ? Effect.die(new Error(`${key} died`))
      : Effect.never
  })

const writeCell = (key: string, { cell, value }: { readonly cell: string; readonly value: string }) =>
  Effect.gen(function*() {
    const { cells, log } = yield* World
    yield* fault(key)
    const before = cells.get(cell) ?? ""
    if (value === "") cells.delete(cell)
    else cells.set(cell, value)
    log.push(`${key} ${cell}=${value}`)
    return { before }
  })

const runBody = ({ name }: { readonly name: string }) =>
  Effect.gen(function*() {
    const body = bodies.get(name)
    if (body !== undefined) {
      yield* Effect.catch(body, (error) => error instanceof Broken ? Effect.fail(error) : Effect.die(error))
    }
    return { done: true }
  })

let notes = 0

export const handlers = Layer.mergeAll(
  Write.toLayer((input) => writeCell("write", input)),
  Put.toLayer((input) => Effect.asVoid(writeCell("put", input))),
  Restore.toLayer((input) => Effect.asVoid(writeCell("restore", input))),
  Erase.toLayer(({ cell }) => Effect.asVoid(writeCell("erase", { cell, value: "" }))),
  Create.toLayer(({ id = `n${++notes}`, title }) => Effect.as(writeCellOrDie({ cell: id, value: title }), { id })),
  Delete.toLayer(({ id }) => Effect.asVoid(writeCellOrDie({ cell: id, value: "" }))),
  Macro.toLayer(runBody),
  MappedMacro.toLayer(runBody),
  RestoreAll.toLayer(({ cells: wanted }) =>
    World.use(({ cells, log }) =>
      Effect.sync(() => {
        cells.clear()
        for (const [cell, value] of Object.entries(wanted)) cells.set(cell, value)
        log.push("restore all")
      })
    )
  ),
  Read.toLayer(({ cell }) => World.use(({ cells }) => Effect.sync(() => cells.get(cell) ?? ""))),
  Unmapped.toLayer(() => World.use(({ log }) => Effect.sync(() => void log.push("unmapped")))),
  Mail.toLayer(() => World.use(({ log }) => Effect.sync(() => void log.push("mail"))))
)

function writeCellOrDie(input: { readonly cell: string; readonly value: string }) {
  return Effect.orDie(writeCell("note", input))
}

const documentOf = ({ cell }: { readonly cell: string }) => cell.split("/")[0]!

export const mappings = Layer.mergeAll(
  UndoMapping.make({
    operation: Write,
    inverse: Write,
    deriveContext: ({ cell }, { before }) => ({ cell, value: before }),
    scope: documentOf,
    touches: ({ cell }) => cell,
    message: ({ cell, value }) => `${cell}=${value}`
  }).toLayer,
  UndoMapping.make({
    operation: Put,
    capture: ({ cell }) => World.use(({ cells }) => Effect.sync(() => cells.get(cell) ?? "")),
    inverse: Put,
    deriveContext: ({ cell }, _, before) => ({ cell, value: before })
  }).toLayer,
  UndoMapping.make({
    operation: Erase,
    capture: ({ cell }) => World.use(({ cells }) => Effect.sync(() => cells.get(cell))),
    inverse: Restore,
    deriveContext: ({ cell }, _, before) => before === undefined ? undefined : { cell, value: before }
  }).toLayer,
  UndoMapping.make({
    operation: Create,
    inverse: Delete,
    deriveContext: (_, { id }) => ({ id }),
    redo: (input, { id }) => ({ ...input, id })
  }).toLayer,
  // The inverse of an inverse, which must not toggle.
  UndoMapping.make({
    operation: Delete,
    capture: ({ id }) => World.use(({ cells }) => Effect.sync(() => cells.get(id) ?? "")),
    inverse: Create,
    deriveContext: ({ id }, _, title) => ({ id, title })
  }).toLayer,
  UndoMapping.make({
    operation: MappedMacro,
    capture: () => World.use(({ cells }) => Effect.sync(() => Object.fromEntries(cells))),
    inverse: RestoreAll,
    deriveContext: (_, __, cells) => ({ cells })
  }).toLayer
)

export const bus = FollowupScheduler.layer.pipe(
  Layer.provideMerge(OperationInvoker.layer),
  Layer.provideMerge(Layer.mergeAll(OperationRegistry.layer, UndoRegistry.layer))
)

const under = <E, R>(tracker: Layer.Layer<HistoryTracker, E, R>, world: Layer.Layer<World> = World.layer) =>
  Layer.mergeAll(handlers, mappings).pipe(
    Layer.provideMerge(tracker),
    Layer.provideMerge(bus),
    Layer.provideMerge(world)
  )

export const app = (options: HistoryOptions = {}) => under(HistoryTracker.layerWith(options))

export const appOn = <E, R>(
  store: Layer.Layer<HistoryStore, E, R>,
  options: HistoryOptions = {},
  world: Layer.Layer<World> = World.layer
) => under(HistoryTracker.layerStoreWith(options).pipe(Layer.provide(store)), world)

export const write = (cell: string, value: string) => invoke(Write, { cell, value })
export const put = (cell: string, value: string) => invoke(Put, { cell, value })
const withBody = (body: Body): { readonly name: string } => {
  const name = `body ${bodies.size}`
  bodies.set(name, body)
  return { name }
}

/** An operation without a mapping whose handler is the given effect. */
export const macro = (body: Body) => Effect.suspend(() => invoke(Macro, withBody(body)))
/** One whose mapping restores all cells. */
export const mappedMacro = (body: Body) => Effect.suspend(() => invoke(MappedMacro, withBody(body)))

export const as = (actor: string) => Effect.provideService(CurrentActor, actor)

export const cells = World.use(({ cells }) => Effect.sync(() => Object.fromEntries(cells)))
export const log = World.use(({ log }) => Effect.sync(() => log.splice(0)))
export const breakNext = (key: string, how: "fail" | "die" | "never" = "fail") =>
  World.use(({ faults }) => Effect.sync(() => faults.set(key, how)))

/** The messages of live and undone entries of the current actor. */
export const stacks = Effect.map(HistoryTracker.entries, (entries) => ({
  live: entries.filter(({ status }) => status === "live").map(({ message }) => message),
  undone: entries.filter(({ status }) => status === "undone").map(({ message }) => message)
}))

/** The reason of a history error. */
export const reasonOf = <A, R>(effect: Effect.Effect<A, { readonly reason: { readonly _tag: string } }, R>) =>
  Effect.map(Effect.flip(effect), (error) => error.reason)
