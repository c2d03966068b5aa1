/**
 * The search service: Rust where it is built, TypeScript where it is not, and looked after in either case.
 */
import { Config, Effect, Layer } from "effect"
import { ManagedServices, PressureSource } from "opbus/native"
import { SearchService } from "opbus/native/modules/search/SearchService"
import * as NodeNativeModule from "opbus/node/NodeNativeModule"
import { SearchHandlers } from "./handlers.ts"
import { NoteChanges } from "./NoteChanges.ts"
import { NoteIndex } from "./NoteIndex.ts"

/** `false` does without Rust, for comparison. */
const UseNative = Config.Boolean("OPBUS_NOTEBOOK_NATIVE").pipe(Config.withDefault(true))

/** On a desktop, memory that is three quarters full is everyday. */
const Managed = ManagedServices.layer({
  pressure: {
    usage: { warning: 0.9, high: 0.95, critical: 0.98 },
    stall: { warning: 30, high: 60, critical: 80 }
  }
}).pipe(Layer.provide(PressureSource.PressureSource.layerLinux()))

const options = { config: { fields: ["title", "body", "tags"], budgetMb: 256 } }

const Search = Layer.unwrap(
  Effect.map(UseNative, (use) =>
    use
      ? SearchService.layer(options).pipe(Layer.provide(NodeNativeModule.layer()))
      : SearchService.layerTypeScript(options))
).pipe(Layer.provideMerge(Managed))

export const SearchPlugin = SearchHandlers.pipe(
  Layer.provideMerge(NoteIndex.layer),
  Layer.provide(NoteChanges.layer),
  Layer.provideMerge(Search)
)
