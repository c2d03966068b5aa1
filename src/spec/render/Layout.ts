/**
 * Where the files of a command and of a module go.
 *
 * @since 0.1.0
 */
import type { ResolvedConfig } from "../GeneratorConfig.ts"
import type * as SpecIr from "../SpecIr.ts"
import * as NamingConventions from "./NamingConventions.ts"

/** A path: parts joined with slashes, without those that are empty or say "here". */
const path = (...parts: ReadonlyArray<string>): string =>
  parts.flatMap((part) => part.split("/")).filter((part) => part !== "" && part !== ".").join("/")

/**
 * The folder of a command inside each of the configured ones: `model-pool/load` goes to `modelPool`.
 *
 * @category combinators
 * @since 0.1.0
 */
export const folder = (command: string): string =>
  command.split("/").slice(0, -1).map(NamingConventions.camel).join("/")

/**
 * The file of a command's operation: `src/operations/gpu/GpuStats.ts`.
 *
 * @category combinators
 * @since 0.1.0
 */
export const operation = (command: SpecIr.Command, config: ResolvedConfig): string =>
  commandFile(command.name, config, "ts")

/**
 * A file beside a command's operation, by what comes after the command's name: `"server.ts"`, `"codec.ts"`.
 *
 * @category combinators
 * @since 0.1.0
 */
export const commandFile = (command: string, config: ResolvedConfig, ending: string): string =>
  path(config.typescript.out, folder(command), `${NamingConventions.typeName(command)}.${ending}`)

/**
 * The file of a command's tests.
 *
 * @category combinators
 * @since 0.1.0
 */
export const test = (command: SpecIr.Command, config: ResolvedConfig): string =>
  path(config.typescript.tests, folder(command.name), `${NamingConventions.typeName(command.name)}.test.ts`)

/**
 * The file of a command's documentation.
 *
 * @category combinators
 * @since 0.1.0
 */
export const doc = (command: SpecIr.Command, config: ResolvedConfig): string =>
  path(config.typescript.docs, folder(command.name), `${NamingConventions.typeName(command.name)}.md`)

/**
 * A file of a service, by what comes after its name: `GpuService.ts`, `GpuTypeScript.ts`.
 *
 * @category combinators
 * @since 0.1.0
 */
export const moduleFile = (service: SpecIr.Service, config: ResolvedConfig, ending: string): string =>
  path(
    config.typescript.out,
    NamingConventions.camel(service.name),
    `${NamingConventions.pascal(service.name)}${ending}`
  )

/**
 * The path of one file seen from another, as an import says it: `../search/SearchQuery.ts`.
 *
 * @category combinators
 * @since 0.1.0
 */
export const relative = (from: string, to: string): string => {
  const source = path(from).split("/").slice(0, -1)
  const target = path(to).split("/")
  let shared = 0
  while (shared < source.length && shared < target.length - 1 && source[shared] === target[shared]) {
    shared++
  }
  const up = "../".repeat(source.length - shared)
  return `${up === "" ? "./" : up}${target.slice(shared).join("/")}`
}
