/**
 * The file in which somebody writes what a command does. It is made once.
 *
 * @since 0.1.0
 */
import type { GeneratedFile } from "../GeneratedFile.ts"
import type { GeneratorContext } from "../GeneratorAdapter.ts"
import type * as SpecIr from "../SpecIr.ts"
import { Imports } from "./ImportRenderer.ts"
import * as Layout from "./Layout.ts"
import * as NamingConventions from "./NamingConventions.ts"
import * as Printer from "./Printer.ts"
import * as TypeScript from "./TypeScriptPrinter.ts"

/**
 * Where a handler runs.
 *
 * @category models
 * @since 0.1.0
 */
export type Side = "server" | "browser"

/**
 * The name of a handler's layer: `GpuStatsServer`.
 *
 * @category combinators
 * @since 0.1.0
 */
export const layerName = (command: SpecIr.Command, side: Side): string =>
  `${NamingConventions.typeName(command.name)}${NamingConventions.pascal(side)}`

/**
 * Renders a handler that is still to be written; the browser's of a command that the server handles too asks the server.
 *
 * @category combinators
 * @since 0.1.0
 */
export const render = (command: SpecIr.Command, side: Side, context: GeneratorContext): GeneratedFile => {
  const path = Layout.commandFile(command.name, context.config, `${side}.ts`)
  const imports = new Imports(path, context.config)
  const name = imports.local(Layout.operation(command, context.config), NamingConventions.typeName(command.name))
  const stream = command.mode === "stream"
  const forwards = side === "browser" && command.adapter === "full-stack"
  const body = forwards
    ? TypeScript.call(
      `${imports.runtimeName("operation/OperationInvoker", "OperationInvoker")}.${
        stream ? "invokeRemoteStream" : "invokeRemote"
      }`,
      [name, "params"]
    )
    : TypeScript.call(`${imports.effect(stream ? "Stream" : "Effect")}.die`, [
      TypeScript.call("new Error", [TypeScript.string(`${command.key} is not implemented yet: write it in ${path}`)])
    ])
  const handler = Printer.group(
    `(${forwards ? "params" : "_params"}) =>`,
    Printer.indent(Printer.line, body)
  )
  const doc = Printer.concat(
    TypeScript.comment(
      forwards
        ? `Handles \`${command.key}\` in the browser: asks the server. Yours to change.`
        : `Handles \`${command.key}\` ${side === "server" ? "on the server" : "in the browser"}. Yours to write.`
    ),
    Printer.hardline,
    `export const ${layerName(command, side)} = ${name}.toLayer`,
    Printer.group("(", Printer.indent(Printer.softline, handler), Printer.softline, ")")
  )
  return {
    path,
    kind: "once",
    contents: `${imports.render()}\n${Printer.render(doc)}\n`,
    sources: [command.source],
    hash: command.hash
  }
}
