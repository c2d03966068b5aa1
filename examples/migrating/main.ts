/**
 * A chain of intents, `Create → AddObject → Open`, in the three forms that replace it. Each one is one undo, and
 * navigation is none.
 *
 *     node --conditions=opbus-source examples/migrating/main.ts
 */
import { Console, Context, Effect, Layer, Schema } from "effect"
import assert from "node:assert/strict"
import { HistoryTracker, invoke, Opbus, Operation, UndoMapping } from "opbus"

// -----------------------------------------------------------------------------
// the space and the layout
// -----------------------------------------------------------------------------

const SpaceObject = Schema.Struct({ id: Schema.String, typename: Schema.String, title: Schema.String })
type SpaceObject = typeof SpaceObject.Type

class Space extends Context.Service<Space, {
  readonly objects: Map<string, SpaceObject>
  /** The ids in the space's collection, in their order. */
  readonly collection: Set<string>
}>()("migrating/Space") {
  static readonly layer = Layer.sync(Space, () => Space.of({ objects: new Map(), collection: new Set() }))
}

class Layout extends Context.Service<Layout, { subject: string | undefined }>()("migrating/Layout") {
  static readonly layer = Layer.sync(Layout, () => Layout.of({ subject: undefined }))
}

// -----------------------------------------------------------------------------
// the operations that stay
// -----------------------------------------------------------------------------

class AddObject extends Operation.make({
  meta: { key: "space.addObject", label: "Add object" },
  input: Schema.Struct({ object: SpaceObject })
}) {}

class RemoveObject extends Operation.make({
  meta: { key: "space.removeObject", label: "Remove object" },
  input: Schema.Struct({ id: Schema.String })
}) {}

class AddToCollection extends Operation.make({
  meta: { key: "collection.add", label: "Add to collection" },
  input: Schema.Struct({ id: Schema.String })
}) {}

class RemoveFromCollection extends Operation.make({
  meta: { key: "collection.remove", label: "Remove from collection" },
  input: Schema.Struct({ id: Schema.String })
}) {}

/** Navigation: there is no undo mapping for it, so it makes no history entry. */
class Open extends Operation.make({
  meta: { key: "layout.open", label: "Open" },
  executionMode: "sync",
  input: Schema.Struct({ subject: Schema.String })
}) {}

const SpacePlugin = Layer.mergeAll(
  AddObject.toLayer(({ object }) => Effect.map(Space, ({ objects }) => void objects.set(object.id, object))),
  RemoveObject.toLayer(({ id }) => Effect.map(Space, ({ objects }) => void objects.delete(id))),
  AddToCollection.toLayer(({ id }) => Effect.map(Space, ({ collection }) => void collection.add(id))),
  RemoveFromCollection.toLayer(({ id }) => Effect.map(Space, ({ collection }) => void collection.delete(id))),
  Open.toLayer(({ subject }) =>
    Effect.map(Layout, (layout) => {
      layout.subject = subject
    })
  ),
  UndoMapping.make({
    operation: AddObject,
    inverse: RemoveObject,
    deriveContext: ({ object }) => ({ id: object.id }),
    message: ({ object }) => `Add "${object.title}"`
  }).toLayer,
  UndoMapping.make({
    operation: AddToCollection,
    inverse: RemoveFromCollection,
    deriveContext: ({ id }) => ({ id })
  }).toLayer
)

// -----------------------------------------------------------------------------
// 1. a coarse operation: what the user means, as one operation
// -----------------------------------------------------------------------------

class CreateDocument extends Operation.make({
  meta: { key: "document.create", label: "Create document" },
  input: Schema.Struct({ title: Schema.String, id: Schema.optionalKey(Schema.String) }),
  output: SpaceObject
}) {}

class DeleteDocument extends Operation.make({
  meta: { key: "document.delete", label: "Delete document" },
  input: Schema.Struct({ id: Schema.String })
}) {}

const DocumentPlugin = Layer.mergeAll(
  CreateDocument.toLayer(({ id, title }) =>
    Effect.gen(function*() {
      const object = makeDocument({ title, id })
      yield* invoke(AddObject, { object })
      yield* invoke(AddToCollection, { id: object.id })
      yield* invoke(Open, { subject: object.id })
      return object
    })
  ),
  DeleteDocument.toLayer(({ id }) =>
    Effect.gen(function*() {
      yield* invoke(RemoveFromCollection, { id })
      yield* invoke(RemoveObject, { id })
    })
  ),
  UndoMapping.make({
    operation: CreateDocument,
    inverse: DeleteDocument,
    deriveContext: (_input, { id }) => ({ id }),
    redo: (input, { id }) => ({ ...input, id }), // the document comes back as itself
    message: ({ title }) => `Create "${title}"`
  }).toLayer
)

const makeDocument = (
  { id = crypto.randomUUID(), title }: { readonly id?: string | undefined; readonly title: string }
) => ({
  id,
  typename: "example.Document",
  title
})

// -----------------------------------------------------------------------------
// 2. a factory: a plugin says how an object of its type is made; adding and opening it is the same for all types
// -----------------------------------------------------------------------------

type CreateObject = (props: { readonly title: string }) => Effect.Effect<SpaceObject>

interface TypeMetadata {
  readonly createObject: CreateObject
  readonly addToCollectionOnCreate: boolean
}

class ObjectTypes extends Context.Service<ObjectTypes, Map<string, TypeMetadata>>()("migrating/ObjectTypes") {
  static readonly layer = Layer.sync(ObjectTypes, () => new Map())

  static readonly contribute = ({ id, metadata }: { readonly id: string; readonly metadata: TypeMetadata }) =>
    Layer.effectDiscard(Effect.map(ObjectTypes, (types) => types.set(id, metadata)))
}

const SketchPlugin = ObjectTypes.contribute({
  id: "example.Sketch",
  metadata: {
    createObject: (({ title }) =>
      Effect.sync(() => ({ id: crypto.randomUUID(), typename: "example.Sketch", title }))) satisfies CreateObject,
    addToCollectionOnCreate: false
  }
})

const createWithFactory = Effect.gen(function*() {
  const types = yield* ObjectTypes
  const object = yield* types.get("example.Sketch")!.createObject({ title: "Sketch of a house" })
  yield* invoke(AddObject, { object })
  yield* invoke(Open, { subject: object.id })
  return object
})

// -----------------------------------------------------------------------------
// 3. a group: several actions that are one for the user, put together where they are called
// -----------------------------------------------------------------------------

const createInGroup = HistoryTracker.group("Create a letter")(Effect.gen(function*() {
  const object = makeDocument({ title: "Letter" })
  yield* invoke(AddObject, { object })
  yield* invoke(AddToCollection, { id: object.id })
  yield* invoke(Open, { subject: object.id })
  return object
}))

// -----------------------------------------------------------------------------
// each of them: one entry, one undo, and the redo brings back the same object
// -----------------------------------------------------------------------------

const show = <E, R>(form: string, create: Effect.Effect<SpaceObject, E, R>) =>
  Effect.gen(function*() {
    const history = yield* HistoryTracker
    const { collection, objects } = yield* Space
    const layout = yield* Layout
    const contents = () => ({ objects: Array.from(objects.values()), collection: Array.from(collection) })

    const before = contents()
    const entries = yield* history.entries
    const object = yield* create
    const after = contents()
    assert.equal(objects.get(object.id)?.title, object.title)
    assert.equal(layout.subject, object.id, "the object is open")

    const added = (yield* history.entries).slice(entries.length)
    assert.equal(added.length, 1, "one entry, however many operations there were")
    const steps = added[0]!.steps.map(({ key }) => key)
    assert.ok(!steps.includes(Open.key), "navigation makes no entry")

    yield* history.undo
    assert.deepEqual(contents(), before, "one undo takes back all of it")
    assert.equal(layout.subject, object.id, "and leaves alone what is on the screen")

    yield* history.redo
    assert.deepEqual(contents(), after, "one redo brings back the same object")

    yield* Console.log(
      `${form.padEnd(20)} one entry: ${added[0]!.message.padEnd(26)} undone by ${
        added[0]!.steps.map(({ inverse }) => inverse).reverse().join(", ")
      }`
    )
  })

const program = Effect.gen(function*() {
  yield* Console.log("Create → AddObject → Open, as\n")
  yield* show("1. coarse operation", invoke(CreateDocument, { title: "Report" }))
  yield* show("2. factory", createWithFactory)
  yield* show("3. group", createInGroup)

  const history = yield* HistoryTracker
  yield* invoke(Open, { subject: "somewhere else" })
  const state = yield* history.state
  assert.equal(state.undoCount, 3)
  yield* Console.log(`\nThree objects, ${state.undoCount} undos; opening something else added none.`)
})

const App = Layer.mergeAll(SpacePlugin, DocumentPlugin, SketchPlugin).pipe(
  Layer.provideMerge(Layer.mergeAll(Space.layer, Layout.layer, ObjectTypes.layer)),
  Layer.provideMerge(Opbus.layer)
)

await Effect.runPromise(Effect.provide(program, App))
