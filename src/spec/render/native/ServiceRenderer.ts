/**
 * The service of a module: its commands, its definition, its layers, and the handlers of its operations.
 *
 * @since 0.1.0
 */
import type { GeneratedFile } from "../../GeneratedFile.ts"
import type { GeneratorContext } from "../../GeneratorAdapter.ts"
import type * as SpecIr from "../../SpecIr.ts"
import { Imports } from "../ImportRenderer.ts"
import * as Layout from "../Layout.ts"
import * as NamingConventions from "../NamingConventions.ts"
import type { Doc } from "../Printer.ts"
import * as Printer from "../Printer.ts"
import * as ServiceNames from "../ServiceNames.ts"
import * as TypeScript from "../TypeScriptPrinter.ts"
import * as CodecRenderer from "./CodecRenderer.ts"
import * as CommandSignature from "./CommandSignature.ts"

/**
 * Where a service can run.
 *
 * @category models
 * @since 0.1.0
 */
export type Kind = "rust" | "sidecar" | "typescript"

/**
 * Where the service's file is: `GpuService.ts`.
 *
 * @category names
 * @since 0.1.0
 */
export const path = (service: SpecIr.Service, context: GeneratorContext): string =>
  Layout.moduleFile(service, context.config, "Service.ts")

/**
 * Where the service is written in TypeScript: `GpuTypeScript.ts`.
 *
 * @category names
 * @since 0.1.0
 */
export const implementationPath = (service: SpecIr.Service, context: GeneratorContext): string =>
  Layout.moduleFile(service, context.config, "TypeScript.ts")

/**
 * The names that a service's file exports.
 *
 * @category names
 * @since 0.1.0
 */
export const names = (service: SpecIr.Service) => {
  const base = ServiceNames.pascal(service)
  return {
    commands: `${base}Commands`,
    implementation: `${base}Implementation`,
    service: `${base}Service`,
    handlers: `${base}Handlers`
  }
}

/**
 * Renders the service of a module; `kinds` in the order in which its plain `layer` tries them.
 *
 * @category rendering
 * @since 0.1.0
 */
export const render = (
  module: SpecIr.Module,
  kinds: ReadonlyArray<Kind>,
  context: GeneratorContext
): GeneratedFile => {
  const file = path(module.service, context)
  const imports = new Imports(file, context.config)
  const parts = [
    commands(module, imports, context),
    definition(module, kinds, imports, context),
    implementation(module, imports),
    service(module, kinds, imports, context),
    handlers(module, imports)
  ]
  const body = Printer.render(Printer.join(Printer.concat(Printer.hardline, Printer.hardline), parts))
  return {
    path: file,
    kind: "generated",
    contents: `${imports.render()}\n${body}\n`,
    sources: module.commands.map((command) => command.source),
    hash: module.hash
  }
}

const block = (head: Doc, body: ReadonlyArray<Doc>): Doc =>
  body.length === 0
    ? Printer.concat(head, " {}")
    : Printer.concat(
      head,
      " {",
      Printer.indent(Printer.hardline, Printer.join(Printer.hardline, body)),
      Printer.hardline,
      "}"
    )

const operationName = (command: SpecIr.Command, imports: Imports, context: GeneratorContext): string =>
  imports.local(Layout.operation(command, context.config), NamingConventions.typeName(command.name))

const commands = (module: SpecIr.Module, imports: Imports, context: GeneratorContext): Doc => {
  const failure = `${imports.runtime("operation/Operation", "type")}.Failure`
  return Printer.concat(
    TypeScript.comment(`The commands of the service \`${module.service.name}\`.`),
    Printer.hardline,
    block(
      `export interface ${names(module.service).commands}`,
      module.commands.map((command) => {
        const file = Layout.operation(command, context.config)
        const params = imports.local(file, command.params.name, "type")
        const result = imports.local(file, command.result.name, "type")
        const operation = operationName(command, imports, context)
        const output = command.mode === "stream"
          ? `${imports.effect("Stream", "type")}.Stream`
          : `${imports.effect("Effect", "type")}.Effect`
        return Printer.concat(
          TypeScript.comment(command.description),
          Printer.hardline,
          CommandSignature.render(ServiceNames.method(module, command), params, output, [
            result,
            `${failure}<typeof ${operation}>`
          ])
        )
      })
    )
  )
}

const definition = (
  module: SpecIr.Module,
  kinds: ReadonlyArray<Kind>,
  imports: Imports,
  context: GeneratorContext
): Doc => {
  const entries = module.commands.map((command): TypeScript.Member => {
    const members: Array<TypeScript.Member> = [
      { name: "name", value: TypeScript.string(command.name) },
      { name: "operation", value: operationName(command, imports, context) },
      { name: "mode", value: TypeScript.string(command.mode) },
      { name: "transport", value: TypeScript.string(command.transport) }
    ]
    if (kinds.includes("rust") && command.transport !== "json") {
      const codec = imports.local(CodecRenderer.path(command, context), CodecRenderer.codecName(command))
      members.push({ name: "codec", value: codec })
    }
    return { name: ServiceNames.method(module, command), value: TypeScript.object(members, "broken") }
  })
  return Printer.concat(
    TypeScript.comment(`What the service \`${module.service.name}\` is; both sides have to agree on it.`),
    Printer.hardline,
    `export const definition = ${imports.runtime("native/ServiceDefinition")}.make(`,
    TypeScript.object([
      { name: "name", value: TypeScript.string(module.service.name) },
      { name: "specHash", value: TypeScript.string(module.hash) },
      { name: "traits", value: TypeScript.array(module.service.traits.map(TypeScript.string)) },
      { name: "commands", value: TypeScript.object(entries, "broken") }
    ], "broken"),
    ")"
  )
}

const implementation = (module: SpecIr.Module, imports: Imports): Doc => {
  const { commands, implementation } = names(module.service)
  const base = `${imports.runtime("native/ManagedService", "type")}.Implementation`
  return Printer.concat(
    TypeScript.comment(`What an implementation of the service \`${module.service.name}\` in TypeScript gives.`),
    Printer.hardline,
    `export interface ${implementation} extends ${base}, ${commands} {}`
  )
}

const service = (
  module: SpecIr.Module,
  kinds: ReadonlyArray<Kind>,
  imports: Imports,
  context: GeneratorContext
): Doc => {
  const { commands, service } = names(module.service)
  const layer = imports.effect("Layer")
  const definitions = imports.runtime("native/ServiceDefinition")
  const make = imports.local(implementationPath(module.service, context), "make")
  const makers: { readonly [K in Kind]: () => { readonly options: string; readonly effect: string } } = {
    rust: () => {
      const from = imports.runtime("native/NativeService")
      return { options: `${from}.Options`, effect: `${from}.make(definition, options)` }
    },
    sidecar: () => {
      const from = imports.runtime("native/Sidecar")
      return { options: `${from}.Options`, effect: `${from}.make(definition, options)` }
    },
    typescript: () => {
      const from = imports.runtime("native/TypeScriptService")
      return { options: `${from}.Options`, effect: `${from}.make(definition, ${make}, options)` }
    }
  }
  const method = (description: string, head: Doc, body: Doc): Doc =>
    Printer.concat(TypeScript.comment(description), Printer.hardline, block(head, [body]))
  const methods = kinds.map((kind) => {
    const { effect, options } = makers[kind]()
    return method(
      described[kind],
      `static layer${suffix[kind]}(options?: ${options})`,
      `return ${layer}.effect(${service}, ${effect})`
    )
  })
  const first = kinds[0]!
  const plain = first === "typescript"
    ? method(
      "The service.",
      `static layer(options?: ${makers.typescript().options})`,
      `return ${service}.layerTypeScript(options)`
    )
    : method(
      `${described[first].slice(0, -1)}; in TypeScript where that is not there.`,
      `static layer(options?: ${makers[first]().options})`,
      Printer.concat(
        "return ",
        TypeScript.call(`${layer}.effect`, [
          service,
          TypeScript.call(`${imports.runtime("native/TypeScriptService")}.orElse`, [
            makers[first]().effect,
            "definition",
            make,
            "options"
          ])
        ])
      )
    )
  return Printer.concat(
    TypeScript.comment(`The service \`${module.service.name}\`.`),
    Printer.hardline,
    ...classHead(
      `export class ${service}`,
      `extends ${imports.effect("Context")}.Service<${service}, ${definitions}.Instance<${commands}>>()(`,
      TypeScript.string(`${module.service.name}/${service}`)
    ),
    Printer.indent(
      Printer.hardline,
      Printer.join(Printer.concat(Printer.hardline, Printer.hardline), [...methods, plain])
    ),
    Printer.hardline,
    "}"
  )
}

/** The formatter breaks the argument first, and the line before `extends` only when that does not suffice. */
const classHead = (head: string, call: string, argument: string): ReadonlyArray<Doc> =>
  `${head} ${call}`.length <= 120
    ? [
      Printer.group(`${head} ${call}`, Printer.indent(Printer.softline, argument), Printer.softline, ") {")
    ]
    : [
      head,
      Printer.indent(
        Printer.hardline,
        Printer.group(call, Printer.indent(Printer.softline, argument), Printer.softline, ")")
      ),
      Printer.hardline,
      "{"
    ]

const suffix: { readonly [K in Kind]: string } = { rust: "Rust", sidecar: "Sidecar", typescript: "TypeScript" }

const described: { readonly [K in Kind]: string } = {
  rust: "The service in Rust, in this process.",
  sidecar: "The service in Rust, in a process of its own.",
  typescript: "The service in TypeScript."
}

const handlers = (module: SpecIr.Module, imports: Imports): Doc => {
  const { handlers, service } = names(module.service)
  const map = `${imports.effect("Effect")}.map`
  return Printer.concat(
    TypeScript.comment("The handlers of the service's operations."),
    Printer.hardline,
    `export const ${handlers} = `,
    TypeScript.call(
      `${imports.effect("Layer")}.mergeAll`,
      module.commands.map((command) => {
        const name = ServiceNames.method(module, command)
        const path = TypeScript.isIdentifier(name) ? `.${name}` : `[${TypeScript.string(name)}]`
        return TypeScript.call(`${NamingConventions.typeName(command.name)}.toLayer`, [
          `${map}(${service}, (service) => service.commands${path})`
        ])
      })
    )
  )
}
