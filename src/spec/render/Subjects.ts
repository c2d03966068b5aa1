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
import * as TypeScript from "./TypeScriptPrinter.ts"

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
  const provide = (layer: string) => `${imports.effect("Layer")}.provide(${layer})`
  const typescript = {
    declarations: [layer("typescript", handlers, imports, [provide(`${instance}.layerTypeScript()`)])],
    suites: [{ name: "TypeScript", layer: "typescript" }]
  }
  if (service.language === "typescript") {
    return typescript
  }
  const native = command.adapter === "sidecar"
    ? {
      name: "sidecar",
      layer: "sidecar",
      provided: [
        provide(`${instance}.layerSidecar()`),
        provide(`${imports.runtime("node/NodeSidecar")}.layer()`)
      ],
      built: hasSidecar(imports)
    }
    : {
      name: "Rust",
      layer: "rust",
      provided: [
        provide(`${instance}.layerRust()`),
        provide(`${imports.runtime("node/NodeNativeModule")}.layer()`)
      ],
      built: hasModule(service, imports)
    }
  return {
    declarations: [
      ...typescript.declarations,
      layer(native.layer, handlers, imports, native.provided),
      native.built
    ],
    suites: [...typescript.suites, { name: native.name, layer: native.layer, condition: "isBuilt" }]
  }
}

const layer = (name: string, handlers: string, imports: Imports, more: ReadonlyArray<string> = []): Doc => {
  const merged = `${imports.effect("Layer")}.provideMerge`
  const steps = [
    ...more,
    `${merged}(${imports.runtimeName("operation/OperationInvoker", "OperationInvoker")}.layer)`,
    `${merged}(${imports.runtimeName("operation/OperationRegistry", "OperationRegistry")}.layer)`
  ]
  return Printer.concat(
    `const ${name} = ${handlers}.pipe(`,
    Printer.indent(Printer.hardline, Printer.join(Printer.concat(",", Printer.hardline), steps)),
    Printer.hardline,
    ")"
  )
}

const question = (comment: string, service: string, answer: Doc, layer: string, imports: Imports): Doc =>
  Printer.concat(
    TypeScript.comment(comment),
    Printer.hardline,
    `const isBuilt = await ${service}.use(`,
    answer,
    ").pipe(",
    Printer.indent(
      Printer.hardline,
      `${imports.effect("Effect")}.provide(${layer}),`,
      Printer.hardline,
      `${imports.effect("Effect")}.runPromise`
    ),
    Printer.hardline,
    ")"
  )

const hasModule = (service: SpecIr.Service, imports: Imports): Doc =>
  question(
    "Whether there is a native module with this service: `opbus build-native` makes it.",
    imports.runtimeName("native/NativeModule", "NativeModule"),
    Printer.concat(
      "({ loaded }) =>",
      Printer.indent(
        Printer.hardline,
        `${imports.effect("Effect")}.succeed(loaded.some(({ modules }) => modules.some(({ name }) => name === ${
          TypeScript.string(service.name)
        })))`
      ),
      Printer.hardline
    ),
    `${imports.runtime("node/NodeNativeModule")}.layer()`,
    imports
  )

const hasSidecar = (imports: Imports): Doc =>
  question(
    "Whether there is a program to start: `opbus build-native` makes it.",
    imports.runtimeName("native/SidecarProcess", "SidecarProcess"),
    `({ commands }) => ${imports.effect("Effect")}.map(commands, (found) => found.length > 0)`,
    `${imports.runtime("node/NodeSidecar")}.layer()`,
    imports
  )
