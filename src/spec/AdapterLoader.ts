/**
 * Finds the adapters of npm packages. How packages are found depends on the platform: `NodeAdapterLoader` is the one for Node.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
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

/**
 * Looks at the default export of an npm package: an adapter, or an array of adapters.
 *
 * **When to use**
 *
 * Use on everything that a program did not make itself, before it becomes part of a registry.
 *
 * @category constructors
 * @since 0.1.0
 */
export const fromExport = (
  packageName: string,
  exported: unknown
): Result.Result<ReadonlyArray<GeneratorAdapter>, AdapterError> => {
  const candidates: ReadonlyArray<unknown> = Array.isArray(exported) ? exported : [exported]
  const problems = candidates.flatMap((candidate) => {
    const wrong = flaw(candidate)
    return wrong === undefined ? [] : [{ adapter: packageName, message: wrong }]
  })
  return problems.length > 0 || candidates.length === 0
    ? Result.fail(
      new AdapterError({
        problems: candidates.length === 0
          ? [{ adapter: packageName, message: "has an empty array as its default export; export at least one adapter" }]
          : problems
      })
    )
    : Result.succeed(candidates as ReadonlyArray<GeneratorAdapter>)
}

const adapterName = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/

/** What keeps a value from being an adapter. */
const flaw = (candidate: unknown): string | undefined => {
  if (typeof candidate !== "object" || candidate === null) {
    return `has ${candidate === undefined ? "no default export" : "a default export that is no object"}; ${howTo}`
  }
  const adapter = candidate as Record<keyof GeneratorAdapter, unknown>
  if (typeof adapter.name !== "string" || !adapterName.test(adapter.name)) {
    return "has no `name` of lower-case words and hyphens"
  }
  if (typeof adapter.description !== "string") return `has no \`description\` in ${adapter.name}`
  if (typeof adapter.version !== "number" || !Number.isInteger(adapter.version)) {
    return `has no whole \`version\` in ${adapter.name}`
  }
  if (typeof adapter.command !== "function") return `has no function \`command\` in ${adapter.name}`
  for (const name of ["check", "module", "project"] as const) {
    if (adapter[name] !== undefined && typeof adapter[name] !== "function") {
      return `has a \`${name}\` in ${adapter.name} that is no function`
    }
  }
  return undefined
}

const howTo =
  "export default an object with `name`, `description`, `version` and `command` (opbus/spec/GeneratorAdapter)"
