/**
 * The file of a command's operation: its types, its failures, its schemas, and the operation itself.
 *
 * **Details**
 *
 * Everything that the spec says is in this one file, in a form that `opbus reverse` reads back exactly: types as
 * `TypeRenderer` describes, failures as `class X extends Schema.TaggedError<X>()("X", {…}, { description })`, then
 * `<Command>Params`, `<Command>Result`, and `class <Command> extends Operation.make({…}).annotate(…)`, whose annotation
 * `SpecSource` holds what schemas cannot say.
 *
 * @since 0.1.0
 */
import type { GeneratedFile } from "../GeneratedFile.ts"
import type { GeneratorContext } from "../GeneratorAdapter.ts"
import { transportOf } from "../internal/front/defaults.ts"
import type * as SpecIr from "../SpecIr.ts"
import { Imports } from "./ImportRenderer.ts"
import * as Layout from "./Layout.ts"
import * as NamingConventions from "./NamingConventions.ts"
import type { Doc } from "./Printer.ts"
import * as Printer from "./Printer.ts"
import { Scope } from "./Scope.ts"
import * as TypeRenderer from "./TypeRenderer.ts"
import * as TypeScript from "./TypeScriptPrinter.ts"

/**
 * Renders the operation of a command.
 *
 * @category combinators
 * @since 0.1.0
 */
export const render = (command: SpecIr.Command, context: GeneratorContext): GeneratedFile => {
  const path = Layout.operation(command, context.config)
  const imports = new Imports(path, context.config)
  const scope = new Scope(command.declarations, imports, context)
  const parts: Array<Doc> = []
  for (const declaration of command.declarations) {
    if (declaration._tag !== "Enum" || !declaration.inline) {
      parts.push(TypeRenderer.declaration(declaration, scope), Printer.hardline)
    }
  }
  parts.push(
    schemas(command.params, `What \`${command.key}\` takes.`, scope),
    schemas(
      command.result,
      command.mode === "stream"
        ? `One element of what \`${command.key}\` answers.`
        : `What \`${command.key}\` answers.`,
      scope
    ),
    ...command.failures.map((item) => failure(item, scope)),
    operation(command, scope)
  )
  const body = Printer.render(Printer.concat(...parts))
  return {
    path,
    kind: "generated",
    contents: `${imports.render()}\n${body}\n`,
    sources: [command.source],
    hash: command.hash
  }
}

/** Params and result: a schema and the type of its values. */
const schemas = (self: SpecIr.Struct, description: string, scope: Scope): Doc =>
  Printer.concat(
    TypeScript.comment(self.description ?? description),
    Printer.hardline,
    `export const ${self.name} = `,
    TypeRenderer.struct(self.fields, scope),
    Printer.hardline,
    TypeRenderer.typeOf(self.name, true, scope),
    Printer.hardline,
    Printer.hardline
  )

const failure = (self: SpecIr.Failure, scope: Scope): Doc => {
  const name = TypeScript.string(self.name)
  const args: Array<Doc> = [name, TypeRenderer.fields(self.fields, scope)]
  const described = self.description !== undefined
  if (described) {
    args.push(TypeScript.object([{ name: "description", value: TypeScript.string(self.description!) }]))
  }
  return Printer.concat(
    ...(described ? [TypeScript.comment(self.description!), Printer.hardline] : []),
    `export class ${self.name} extends ${scope.imports.effect("Schema")}.TaggedError<${self.name}>()`,
    TypeScript.call("", args, described ? "wrap" : "hug"),
    " {}",
    Printer.hardline,
    Printer.hardline
  )
}

/** The failures of a command, and of every command of a service that it may not be available. */
const errors = (command: SpecIr.Command, scope: Scope): ReadonlyArray<TypeScript.Member> => {
  const names = command.failures.map(({ name }) => name)
  if (command.service !== undefined) {
    names.push(scope.imports.runtimeName("native/ServiceUnavailable", "ServiceUnavailable"))
  }
  return names.length === 0 ? [] : [{
    name: "error",
    value: names.length === 1
      ? names[0]!
      : TypeScript.call(`${scope.imports.effect("Schema")}.Union`, [TypeScript.array(names)], "hug")
  }]
}

/** What the operation says of itself besides its schemas. */
const annotations = (command: SpecIr.Command, scope: Scope): ReadonlyArray<Doc> => {
  const operation = scope.imports.runtime("operation/Operation")
  const flag = (name: string, value: Doc) => TypeScript.call(".annotate", [`${operation}.${name}`, value])
  return [
    ...(command.accessLevel === undefined ? [] : [flag("Permission", TypeScript.string(command.accessLevel))]),
    ...(command.effects === "read" ? [flag("Readonly", "true")] : []),
    ...(command.effects === "irreversible" ? [flag("Irreversible", "true")] : []),
    ...(command.idempotent ? [flag("Idempotent", "true")] : []),
    Printer.concat(
      ".annotate(",
      `${scope.imports.runtime("operation/SpecSource")}.SpecSource, `,
      source(command),
      ")"
    )
  ]
}

const source = (command: SpecIr.Command): Doc => {
  const { adapter, environment, examples, name, service, transport } = command
  const members: Array<TypeScript.Member> = [
    { name: "name", value: TypeScript.string(name) },
    { name: "environment", value: TypeScript.string(environment) },
    { name: "adapter", value: TypeScript.string(adapter) }
  ]
  if (service !== undefined || transport !== transportOf(adapter)) {
    members.push({ name: "transport", value: TypeScript.string(transport) })
  }
  if (service !== undefined) {
    members.push({
      name: service.language === "rust" ? "rust" : "service",
      value: TypeScript.json({
        module: service.path,
        traits: service.traits,
        ...(service.commandPrefix === undefined ? {} : { command_prefix: service.commandPrefix }),
        ...(service.imports.length === 0 ? {} : { imports: service.imports })
      })
    })
  }
  if (examples.length > 0) {
    members.push({
      name: "examples",
      value: TypeScript.array(examples.map((example) => TypeScript.json({ ...example }, "broken")), "broken")
    })
  }
  return TypeScript.object(members, "broken")
}

const operation = (command: SpecIr.Command, scope: Scope): Doc => {
  const { imports } = scope
  const name = NamingConventions.typeName(command.name)
  const invoker = imports.runtimeName("operation/OperationInvoker", "OperationInvoker")
  const options = imports.runtimeName("operation/OperationInvoker", "InvokeOptions", "type")
  const props: Array<TypeScript.Member> = [
    {
      name: "meta",
      value: TypeScript.object([
        { name: "key", value: TypeScript.string(command.key) },
        { name: "description", value: TypeScript.string(command.description) }
      ])
    },
    { name: "input", value: command.params.name },
    { name: "output", value: command.result.name },
    ...errors(command, scope)
  ]
  if (command.mode === "sync") {
    props.push({ name: "executionMode", value: TypeScript.string("sync") })
  }
  if (command.mode === "stream") {
    props.push({ name: "stream", value: "true" })
  }
  const invoke = command.mode === "stream" ? "invokeStream" : "invoke"
  return Printer.concat(
    TypeScript.comment(command.description),
    Printer.hardline,
    `export class ${name} extends ${imports.runtime("operation/Operation")}.make(`,
    TypeScript.object(props, "broken"),
    ")",
    Printer.indent(...annotations(command, scope).flatMap((annotation) => [Printer.hardline, annotation])),
    Printer.hardline,
    "{",
    Printer.indent(
      Printer.hardline,
      `/** Invokes \`${command.key}\`. */`,
      Printer.hardline,
      `static invoke(params: ${command.params.name}, options?: ${options}) {`,
      Printer.indent(Printer.hardline, `return ${invoker}.${invoke}(${name}, params, options)`),
      Printer.hardline,
      "}"
    ),
    Printer.hardline,
    "}"
  )
}
