// Fills in the body of a generated command, and invokes it.
import { Effect, Layer } from "effect"
import { Opbus, type Operation } from "opbus"
import { TextCount, TextEmpty } from "./src/operations/text/TextCount.ts"

const handler: Operation.HandlerOf<typeof TextCount> = ({ text }) =>
  text === "" ? Effect.fail(new TextEmpty({ length: 0 })) : Effect.succeed({ words: text.split(/\s+/).length })

const program = Effect.gen(function*() {
  const { words } = yield* TextCount.invoke({ text: "one two three" })
  const empty = yield* Effect.flip(TextCount.invoke({ text: "" }))
  return [words, empty._tag]
})

const result = await Effect.runPromise(
  program.pipe(Effect.provide(TextCount.toLayer(handler).pipe(Layer.provideMerge(Opbus.layer))))
)
console.log(JSON.stringify(result))
