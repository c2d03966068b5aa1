import * as SpecHash from "../../SpecHash.ts"
import type * as SpecIr from "../../SpecIr.ts"
import { typesOf } from "../references.ts"
import { makeWorld } from "./check/world.ts"
import { Memory } from "./memory.ts"
import { byName } from "./names.ts"
import { order } from "./order.ts"

/**
 * Gathers the commands of each service. A trait is no command: it has no place in the dispatch.
 *
 * @internal
 */
export const modulesOf = (commands: ReadonlyArray<SpecIr.Command>): ReadonlyArray<SpecIr.Module> => {
  const byPath = new Map<string, Array<SpecIr.Command>>()
  for (const command of commands) {
    if (command.service === undefined || command.adapter === "trait-only") continue
    const known = byPath.get(command.service.path)
    if (known === undefined) byPath.set(command.service.path, [command])
    else known.push(command)
  }
  const world = makeWorld(commands)
  return [...byPath].sort(([a], [b]) => byName(a, b)).map(([, members]) => {
    const parts = [...members, ...members.flatMap(world.reachable)]
    return known.get(members[0]!, parts) ?? known.set(members[0]!, parts, moduleOf(members, world.byCommand))
  })
}

const known = new Memory<SpecIr.Command, SpecIr.Module>()

const moduleOf = (commands: ReadonlyArray<SpecIr.Command>, all: ReadonlyMap<string, SpecIr.Command>): SpecIr.Module => {
  const services = commands.map((command) => command.service!)
  const traits = new Set(services.flatMap((service) => service.traits))
  const prefix = services.find((service) => service.commandPrefix !== undefined)?.commandPrefix
  const service: SpecIr.Service = {
    name: services[0]!.name,
    path: services[0]!.path,
    language: services[0]!.language,
    traits: (["ManagedService", "Lifecycle", "MetricsEmitter", "Configurable"] as const).filter((trait) =>
      traits.has(trait)
    ),
    ...(prefix === undefined ? {} : { commandPrefix: prefix }),
    imports: [...new Set(services.flatMap((service) => service.imports))].sort(byName)
  }
  const declarations = unique(commands.flatMap((command) => command.declarations))
  const failures = unique(commands.flatMap((command) => command.failures))
  return { service, commands, declarations: sorted(declarations, commands), failures, hash: hashOf(commands, all) }
}

const unique = <A extends { readonly name: string }>(values: ReadonlyArray<A>): ReadonlyArray<A> => {
  const found = new Map<string, A>()
  for (const value of values) if (!found.has(value.name)) found.set(value.name, value)
  return [...found.values()]
}

/** A declaration of one command may refer to that of another command of the module, which comes first then. */
const sorted = (
  declarations: ReadonlyArray<SpecIr.Declaration>,
  commands: ReadonlyArray<SpecIr.Command>
): ReadonlyArray<SpecIr.Declaration> => {
  const members = new Set(commands.map((command) => command.name))
  const byKey = new Map(declarations.map((declaration) => [declaration.name, declaration]))
  return order(declarations.map((declaration) => localize(declaration, members)))
    .map((declaration) => byKey.get(declaration.name)!)
}

/** Within its module, a type of another command is a neighbour. */
const localize = (declaration: SpecIr.Declaration, members: ReadonlySet<string>): SpecIr.Declaration => {
  const type = (value: SpecIr.Type): SpecIr.Type => {
    switch (value._tag) {
      case "Primitive":
        return value
      case "Array":
        return { _tag: "Array", item: type(value.item) }
      case "Record":
        return { _tag: "Record", value: type(value.value) }
      case "Nullable":
        return { _tag: "Nullable", inner: type(value.inner) }
      case "Ref":
        return value.foreign !== undefined && members.has(value.foreign) ? { _tag: "Ref", name: value.name } : value
    }
  }
  const fields = (values: ReadonlyArray<SpecIr.Field>) => values.map((field) => ({ ...field, type: type(field.type) }))
  switch (declaration._tag) {
    case "Enum":
      return declaration
    case "Struct":
      return { ...declaration, fields: fields(declaration.fields) }
    case "Union":
      return {
        ...declaration,
        variants: declaration.variants.map((variant) => ({ ...variant, fields: fields(variant.fields) }))
      }
    case "Alias":
      return { ...declaration, type: type(declaration.type) }
  }
}

// ---------------------------------------------------------------------------
// what crosses the border
// ---------------------------------------------------------------------------

/**
 * Over names, modes, transports and types. Words, constraints and secrecy are for the schemas alone: a change of those leaves
 * the native side as it is.
 */
const hashOf = (commands: ReadonlyArray<SpecIr.Command>, all: ReadonlyMap<string, SpecIr.Command>): string => {
  const types = new Map<string, unknown>()
  const visit = (type: SpecIr.Type, owner: SpecIr.Command): void => {
    switch (type._tag) {
      case "Primitive":
        return
      case "Array":
        return visit(type.item, owner)
      case "Record":
        return visit(type.value, owner)
      case "Nullable":
        return visit(type.inner, owner)
      case "Ref": {
        if (type.external !== undefined) return void types.set(type.name, type.external)
        const home = type.foreign === undefined ? owner : all.get(type.foreign) ?? owner
        const key = `${home.name}.${type.name}`
        const declaration = home.declarations.find((declaration) => declaration.name === type.name)
        if (declaration === undefined || types.has(key)) return
        types.set(key, [declaration._tag, shapeOf(declaration)])
        for (const inner of typesOf(declaration)) visit(inner, home)
      }
    }
  }
  const calls = commands.map((command) => {
    const fields = [command.params, command.result, ...command.failures].flatMap((part) => part.fields)
    for (const field of fields) visit(field.type, command)
    return [
      command.name,
      command.mode,
      command.transport,
      fieldsOf(command.params.fields),
      fieldsOf(command.result.fields),
      command.failures.map((failure) => [failure.name, fieldsOf(failure.fields)])
    ]
  })
  const declared = [...types].sort(([a], [b]) => byName(a, b))
  return SpecHash.sha256(JSON.stringify([calls, declared]))
}

const shapeOf = (declaration: SpecIr.Declaration): unknown => {
  switch (declaration._tag) {
    case "Struct":
      return fieldsOf(declaration.fields)
    case "Enum":
      return declaration.values.map(({ value }) => value)
    case "Union":
      return [declaration.discriminator, declaration.variants.map(({ fields, name }) => [name, fieldsOf(fields)])]
    case "Alias":
      return [declaration.type]
  }
}

const fieldsOf = (fields: ReadonlyArray<SpecIr.Field>): unknown =>
  fields.map((field) => [field.name, field.type, field.optional, field.default])
