/** A writing desk: documents in several scopes, by several people, with all that a history can hold. */
import { Effect, Layer, Schema } from "effect"
import { HistoryTracker, invoke, Operation, UndoMapping } from "opbus"

/** What the operations change. */
export interface World {
  readonly documents: Map<string, string>
  /** Publishing cannot be taken back while this is set. */
  stuck: string | undefined
}

class Stuck extends Schema.TaggedError<Stuck>()("Stuck", { why: Schema.String }) {
  override get message(): string {
    return this.why
  }
}

const name = Schema.String

export const Write = Operation.make({
  meta: { key: "desk.write", label: "Write" },
  input: Schema.Struct({ document: name, text: Schema.String }),
  output: Schema.Struct({ before: Schema.String })
})

export const Move = Operation.make({
  meta: { key: "desk.move", label: "Move" },
  input: Schema.Struct({ from: name, to: name })
})

export const Publish = Operation.make({ meta: { key: "desk.publish" }, input: Schema.Struct({ document: name }) })

const Unpublish = Operation.make({
  meta: { key: "desk.unpublish" },
  input: Schema.Struct({ document: name }),
  error: Stuck
})

export const WriteAll = Operation.make({
  meta: { key: "desk.writeAll" },
  input: Schema.Struct({ documents: Schema.Array(name), text: Schema.String }),
  error: Stuck
})

export const LogIn = Operation.make({
  meta: { key: "desk.logIn" },
  input: Schema.Struct({ user: Schema.String, password: Schema.String.annotate({ sensitive: true }) }),
  output: Schema.Struct({ token: Schema.String.annotate({ sensitive: true }) })
})

const handlers = (world: World) =>
  Layer.mergeAll(
    Write.toLayer(({ document, text }) =>
      Effect.sync(() => {
        const before = world.documents.get(document) ?? ""
        world.documents.set(document, text)
        return { before }
      })
    ),
    Move.toLayer(({ from, to }) =>
      Effect.sync(() => {
        const text = world.documents.get(from) ?? ""
        world.documents.set(from, world.documents.get(to) ?? "")
        world.documents.set(to, text)
      })
    ),
    Publish.toLayer(({ document }) => Effect.sync(() => void world.documents.set(`${document} (published)`, "yes"))),
    Unpublish.toLayer(({ document }) =>
      Effect.suspend(() =>
        world.stuck === undefined
          ? Effect.sync(() => void world.documents.delete(`${document} (published)`))
          : Effect.fail(new Stuck({ why: world.stuck }))
      )
    ),
    WriteAll.toLayer(({ documents, text }) =>
      Effect.forEach(documents, (document) =>
        document === "forbidden"
          ? Effect.fail(new Stuck({ why: "this document is forbidden" }))
          : Effect.orDie(invoke(Write, { document, text })), { discard: true })
    ),
    LogIn.toLayer(() => Effect.succeed({ token: "token-hunter3" }))
  )

const mappings = Layer.mergeAll(
  UndoMapping.make({
    operation: Write,
    inverse: Write,
    deriveContext: ({ document }, { before }) => ({ document, text: before }),
    scope: ({ document }) => document,
    touches: ({ document }) => [document],
    message: ({ document, text }) => `Write “${text}” into ${document}`
  }).toLayer,
  UndoMapping.make({
    operation: Move,
    inverse: Move,
    deriveContext: ({ from, to }) => ({ from: to, to: from }),
    scope: ({ from, to }) => [from, to],
    touches: ({ from, to }) => [from, to],
    message: ({ from, to }) => `Move ${from} to ${to}`
  }).toLayer,
  UndoMapping.make({
    operation: Publish,
    inverse: Unpublish,
    deriveContext: (input) => input,
    scope: ({ document }) => document,
    message: ({ document }) => `Publish ${document}`
  }).toLayer
)

export const Desk = [Write, Move, Publish, WriteAll, LogIn] as const

export const layer = (world: World) => Layer.mergeAll(handlers(world), mappings)

/** Several steps as one entry. */
export const tidyUp = (documents: ReadonlyArray<string>) =>
  HistoryTracker.group("Tidy up")(
    Effect.forEach(documents, (document) => invoke(Write, { document, text: "tidy" }), { discard: true })
  )
