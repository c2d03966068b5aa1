import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import { Operation, UndoMapping, type UndoRegistry } from "opbus"
import { expectType } from "../expectType.ts"

class Notes extends Context.Service<Notes, {
  readonly read: (id: string) => Effect.Effect<{ readonly title: string }, Error>
}>()("Notes") {}

const Create = Operation.make({
  meta: { key: "note.create" },
  input: Schema.Struct({ title: Schema.String, id: Schema.optionalKey(Schema.String) }),
  output: Schema.Struct({ id: Schema.String })
})
const Delete = Operation.make({
  meta: { key: "note.delete" },
  input: Schema.Struct({ id: Schema.String }),
  output: Schema.Struct({ title: Schema.String })
})
const Rename = Operation.make({
  meta: { key: "note.rename" },
  input: Schema.Struct({ id: Schema.String, title: Schema.String })
})
const Import = Operation.make({
  meta: { key: "note.import" },
  input: Schema.Array(Schema.String),
  output: Schema.String,
  stream: true
})

// The inverse's input is made of input and output; a redo sees what the inverse gave.
expectType<Layer.Layer<never, never, UndoRegistry>>()(
  UndoMapping.make({
    operation: Create,
    inverse: Delete,
    deriveContext: (input, output) => {
      expectType<{ readonly title: string; readonly id?: string }>()(input)
      return input.title === "" ? undefined : { id: output.id }
    },
    redo: (input, output, inverseOutput) => ({ ...input, id: output.id, title: inverseOutput.title }),
    coalesce: { key: (input) => input.title, within: "1 second", merge: (older, newer) => ({ ...older, ...newer }) },
    scope: (_input, output) => output.id,
    touches: (_input, output) => [output.id],
    message: (input) => `Create ${input.title}`
  }).toLayer
)

// What capture reads is known in deriveContext; what it needs is a requirement of the layer, and it may fail.
expectType<Layer.Layer<never, never, Notes | UndoRegistry>>()(
  UndoMapping.make({
    operation: Rename,
    inverse: Rename,
    capture: ({ id }) => Notes.use((notes) => notes.read(id)),
    deriveContext: ({ id }, _output, before) => {
      expectType<{ readonly title: string }>()(before)
      return { id, title: before.title }
    }
  }).toLayer
)

// A stream operation's output is the number of its elements.
UndoMapping.make({
  operation: Import,
  inverse: Delete,
  deriveContext: (_input, output) => {
    expectType<{ readonly count: number }>()(output)
    return undefined
  }
})

UndoMapping.make({
  operation: Create,
  inverse: Delete,
  // @ts-expect-error not the input of the inverse
  deriveContext: (_input, output) => ({ name: output.id })
})
// @ts-expect-error a mapping says what the inverse needs
UndoMapping.make({ operation: Create, inverse: Delete })
UndoMapping.make({
  operation: Create,
  inverse: Delete,
  deriveContext: (_input, output) => output,
  // @ts-expect-error a redo repeats the operation
  redo: (_input, output) => output
})
