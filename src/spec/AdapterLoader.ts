/**
 * Finds the adapters of npm packages. How packages are found depends on the platform: `NodeAdapterLoader` is the one for Node.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { AdapterError } from "./AdapterError.ts"
import type { GeneratorAdapter } from "./GeneratorAdapter.ts"

/**
 * Loads the packages that a project names in `plugins`, as seen from its root.
 *
 * **Details**
 *
 * Without one, a project that names packages fails, and one that does not is compiled.
 *
 * @category services
 * @since 0.1.0
 */
export const AdapterLoader = Context.Reference<{
  readonly load: (
    packages: ReadonlyArray<string>,
    root: string
  ) => Effect.Effect<ReadonlyArray<GeneratorAdapter>, AdapterError>
}>("opbus/spec/AdapterLoader", {
  defaultValue: () => ({
    load: (packages) =>
      packages.length === 0 ? Effect.succeed([]) : Effect.fail(
        new AdapterError({
          problems: packages.map((adapter) => ({
            adapter,
            message:
              "cannot be loaded here; provide NodeAdapterLoader.layer of opbus/node, or remove it from \"plugins\""
          }))
        })
      )
  })
})
