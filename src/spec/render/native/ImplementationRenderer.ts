/**
 * Where a service is written in TypeScript: a file that is made once and belongs to its author from then on.
 *
 * @since 0.1.0
 */
import type { GeneratedFile } from "../../GeneratedFile.ts"
import type { GeneratorContext } from "../../GeneratorAdapter.ts"
import type * as SpecIr from "../../SpecIr.ts"
import { Imports } from "../ImportRenderer.ts"
import type { Doc } from "../Printer.ts"
import * as Printer from "../Printer.ts"
import * as ServiceNames from "../ServiceNames.ts"
import * as TypeScript from "../TypeScriptPrinter.ts"
import * as ServiceRenderer from "./ServiceRenderer.ts"

/**
 * Renders an implementation that is still to be written. It is of the right type; every command dies and says where to
 * write it.
 *
 * @category rendering
 * @since 0.1.0
 */
export const render = (module: SpecIr.Module, context: GeneratorContext): GeneratedFile => {
  const { service } = module
  const path = ServiceRenderer.implementationPath(service, context)
  const imports = new Imports(path, context.config)
  const effect = imports.effect("Effect")
  const implementation = imports.local(
    ServiceRenderer.path(service, context),
    ServiceRenderer.names(service).implementation,
    "type"
  )
  const unavailable = imports.runtimeName("native/ServiceUnavailable", "ServiceUnavailable", "type")
  const json = `${imports.effect("Schema", "type")}.Json`
  const scope = `${imports.effect("Scope", "type")}.Scope`
  const members: ReadonlyArray<TypeScript.Member> = [
    {
      name: "health",
      value: `${effect}.succeed({ _tag: "Healthy" })`,
      description: "Quick: a late answer counts as unhealthy."
    },
    {
      name: "pressureResponse",
      value: `(_level) => ${effect}.void`,
      description:
        "warning: reduce what is not essential; high: shed what is optional; critical: keep only what must not be lost."
    },
    { name: "shedLoad", value: `${effect}.void`, description: "Drop everything that can be made again." },
    {
      name: "heal",
      value: `${effect}.succeed(true)`,
      description: "Bring back what was lost; `false` when that did not succeed."
    },
    { name: "shutdown", value: `${effect}.void`, description: "Release everything." },
    ...service.traits.includes("Lifecycle")
      ? [{ name: "initialize", value: `${effect}.void`, description: "Runs once, before the first call." }]
      : [],
    ...service.traits.includes("MetricsEmitter")
      ? [{ name: "metrics", value: `${effect}.succeed({})`, description: "An object of figures." }]
      : [],
    ...service.traits.includes("Configurable")
      ? [{
        name: "parameters",
        value: `${imports.runtime("native/TypeScriptService")}.noParameters(${TypeScript.string(service.name)})`,
        description: "What can be changed while it runs."
      }]
      : [],
    ...module.commands.map((command): TypeScript.Member => ({
      name: ServiceNames.method(module, command),
      value: Printer.group(
        "(_params) =>",
        Printer.indent(
          Printer.line,
          TypeScript.call(`${imports.effect(command.mode === "stream" ? "Stream" : "Effect")}.die`, [
            TypeScript.string(`${command.key} is not implemented yet: write it in ${path}`)
          ])
        )
      ),
      description: command.description
    }))
  ]
  const doc: Doc = Printer.concat(
    TypeScript.comment(`Makes the service \`${service.name}\`. Yours to write.`),
    Printer.hardline,
    "export const make = ",
    Printer.group("(", Printer.indent(Printer.softline, `_config: ${json}`), Printer.softline, "): "),
    `${effect}.Effect<${implementation}, ${unavailable}, ${scope}> =>`,
    Printer.indent(
      Printer.hardline,
      `${effect}.succeed(`,
      TypeScript.object(members, "broken"),
      ")"
    )
  )
  return {
    path,
    kind: "once",
    contents: `${imports.render()}\n${Printer.render(doc)}\n`,
    sources: module.commands.map((command) => command.source),
    hash: module.hash
  }
}
