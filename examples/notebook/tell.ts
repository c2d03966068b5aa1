/**
 * `npm start -- --terminal`: the story, in the terminal.
 */
import { NodeServices } from "@effect/platform-node"
import { Effect, Layer } from "effect"
import { HistoryTracker } from "opbus"
import { alone } from "./alone.ts"
import App from "./app.ts"
import { firstRun, laterRun } from "./story.ts"
import { present } from "./terminal.ts"

/** A folder that is named is imported in any case. Without one, a later run goes on where the last one stopped. */
export const tell = (folder: string | undefined, words: string) =>
  Effect.gen(function*() {
    yield* alone
    yield* present
    const continues = yield* HistoryTracker.canUndo
    if (continues) yield* laterRun(words)
    if (!continues || folder !== undefined) yield* firstRun(folder ?? "node_modules", words)
  }).pipe(Effect.scoped, Effect.provide(Layer.merge(App, NodeServices.layer)))
