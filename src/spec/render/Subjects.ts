/**
 * What the tests of a command run against: its handler, or each implementation of its service.
 *
 * @since 0.1.0
 */
import type { GeneratorContext } from "../GeneratorAdapter.ts"
import type * as SpecIr from "../SpecIr.ts"
import * as HandlerRenderer from "./HandlerRenderer.ts"
import type { Imports } from "./ImportRenderer.ts"
import * as Layout from "./Layout.ts"
import * as NamingConventions from "./NamingConventions.ts"
import type { Doc } from "./Printer.ts"
import * as Printer from "./Printer.ts"

/**
 * One set of tests.
 *
 * @category models
 * @since 0.1.0
 */
export interface Suite {
  /** What is tested, when there are several. */
  readonly name?: string
  /** The constant that holds the layer. */
  readonly layer: string
  /** An expression that says whether it can run here. */
  readonly condition?: string
}

/**
 * The declarations at the top of the tests, and the sets of tests that use them.
 *
 * @category models
 * @since 0.1.0
 */
export interface Subjects {
  readonly declarations: ReadonlyArray<Doc>
  readonly suites: ReadonlyArray<Suite>
}

/**
 * Says what the tests of a command run against.
 *
 * @category combinators
 * @since 0.1.0
 */
export const of = (command: SpecIr.Command, imports: Imports, context: GeneratorContext): Subjects => {
  const { service } = command
  if (service === undefined) {
    const side = command.adapter === "browser-only" ? "browser" : "server"
    const handler = imports.local(
      Layout.commandFile(command.name, context.config, `${side}.ts`),
      HandlerRenderer.layerName(command, side)
    )
    return { declarations: [layer("layer", handler, imports)], suites: [{ layer: "layer" }] }
  }
  const name = NamingConventions.pascal(service.name)
  const file = Layout.moduleFile(service, context.config, "Service.ts")
  const handlers = imports.local(file, `${name}Handlers`)
  const instance = imports.local(file, `${name}Service`)
  const provided = (kind: string) => `${handlers}.pipe(${imports.effect("Layer")}.provide(${instance}.${kind}))`
  return {
    declarations: [layer("layer", provided("layerTypeScript()"), imports)],
    suites: [{ name: "TypeScript", layer: "layer" }]
  }
}

const layer = (name: string, handlers: string, imports: Imports): Doc =>
  Printer.concat(
    `const ${name} = ${handlers}.pipe(`,
    Printer.indent(
      Printer.hardline,
      `${imports.effect("Layer")}.provideMerge(${
        imports.runtimeName("operation/OperationInvoker", "OperationInvoker")
      }.layer),`,
      Printer.hardline,
      `${imports.effect("Layer")}.provideMerge(${
        imports.runtimeName("operation/OperationRegistry", "OperationRegistry")
      }.layer)`
    ),
    Printer.hardline,
    ")"
  )
