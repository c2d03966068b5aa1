import { patterns } from "../../../CommandSpec.ts"
import * as NamingConventions from "../../../render/NamingConventions.ts"
import type * as SpecIr from "../../../SpecIr.ts"
import * as limits from "../limits.ts"
import { commandSuffixes, pascal, pascalOfCommand, snake } from "../names.ts"
import type { Report } from "../scope.ts"
import { type FieldGroup, fieldGroups, placeOfInline, type Subject } from "./world.ts"

/**
 * Names: how they are written, which are taken, and which become one and the same in some language.
 *
 * @internal
 */
export const checkNames = ({ command, report }: Subject): void => {
  for (const group of fieldGroups(command)) checkFields(group, report)
  checkOwnNames(command, report)
  checkTypeNames(command, report)
  for (const declaration of command.declarations) {
    if (declaration._tag === "Enum") {
      const path = declaration.inline ? placeOfInline(command, declaration.name) : ["types", declaration.name, "enum"]
      checkEnum(declaration, path, report)
    }
    if (declaration._tag === "Union") checkVariants(declaration, report)
  }
}

/** Every object has these already: a field of that name would hide them, and some tools find them by accident. */
const inherited = new Set(Object.getOwnPropertyNames(Object.prototype))

/** What a failure has because it is an `Error` and an effect. */
const ofErrors = new Set(["_tag", "name", "message", "stack", "cause", "toJSON", "pipe", "asEffect"])

/** The fields of an error that may be called like those of every `Error`, when they hold the same. */
const textual = new Set(["name", "message"])

const checkFields = (group: FieldGroup, report: Report): void => {
  group.fields.forEach((field, i) => {
    const path = group.pathOf(i)
    if (!patterns.field.test(field.name)) {
      report(path, `${quote(field.name)} is no name of a field: letters and digits, such as budgetMb`)
    } else if (field.name.length > limits.maxNameLength) {
      report(path, `the name is longer than ${limits.maxNameLength} characters`)
    } else if (inherited.has(field.name)) {
      report(path, `every object has ${quote(field.name)} already: choose another name`)
    } else if (group.kind === "error" && ofErrors.has(field.name) && !(textual.has(field.name) && isText(field))) {
      const wayOut = textual.has(field.name)
        ? "let it be a string that is always there, or choose another name"
        : "choose another name"
      report(path, `every error has ${quote(field.name)} already: ${wayOut}`)
    }
  })
  // Snake case is the coarsest of all conventions: what differs there differs everywhere.
  const seen = new Map<string, string>()
  group.fields.forEach((field, i) => {
    const folded = snake(field.name)
    const other = seen.get(folded)
    if (other === field.name) report(group.pathOf(i), `there are two fields named ${quote(field.name)}`)
    else if (other !== undefined) {
      report(group.pathOf(i), `${quote(other)} and ${quote(field.name)} are both named ${folded} in Rust: rename one`)
    } else seen.set(folded, field.name)
  })
  if (group.fields.length > limits.maxFields) {
    report(
      group.path,
      `there are ${group.fields.length} fields; the limit is ${limits.maxFields}: group them in structs`
    )
  }
}

const isText = (field: SpecIr.Field): boolean =>
  field.type._tag === "Primitive" && field.type.name === "string" && !field.optional

const quote = (text: string): string => JSON.stringify(text.length <= 80 ? text : `${text.slice(0, 77)}…`)

// ---------------------------------------------------------------------------
// types and errors
// ---------------------------------------------------------------------------

/** Both sides bring these along; and `ServiceUnavailable` is a failure of every command of a service. */
const builtin = new Set(["PressureLevel", "HealthStatus", "ServiceUnavailable"])

const checkTypeNames = (command: SpecIr.Command, report: Report): void => {
  const taken = new Map<string, string>(
    derivedNames(command).map((name) => [fold(name), `what is generated as ${name}`])
  )
  const claim = (name: string, what: string, path: ReadonlyArray<string | number>): void => {
    const folded = fold(name)
    const other = taken.get(folded)
    if (other === undefined) taken.set(folded, `${what} ${name}`)
    else report(path, `${what} ${name} has the name of ${other}: rename one`)
  }
  const check = (name: string, path: ReadonlyArray<string>): void => {
    if (!patterns.type.test(name)) {
      const better = pascal(name)
      report(
        path,
        `${quote(name)} is no name of a type: a capital, then letters and digits`,
        patterns.type.test(better) ? [better] : []
      )
    } else if (name.length > limits.maxNameLength) {
      report(path, `the name is longer than ${limits.maxNameLength} characters`)
    } else if (builtin.has(name)) {
      report(path, `${name} is there already, with one meaning everywhere: use it, or choose another name`)
    } else if (NamingConventions.isReserved(name, "typescript") || NamingConventions.isReserved(name, "python")) {
      report(path, `generated code uses the name ${name} for something else: choose another one`, [`${name}Info`])
    }
  }
  for (const declaration of command.declarations) {
    if (declaration._tag === "Enum" && declaration.inline) continue
    check(declaration.name, ["types", declaration.name])
    claim(declaration.name, "the type", ["types", declaration.name])
  }
  for (const failure of command.failures) {
    check(failure.name, ["errors", failure.name])
    claim(failure.name, "the error", ["errors", failure.name])
  }
  for (const declaration of command.declarations) {
    if (declaration._tag !== "Enum" || !declaration.inline) continue
    claim(declaration.name, "the choice that would be named", placeOfInline(command, declaration.name))
  }
  const count = command.declarations.length
  if (count > limits.maxTypes) report(["types"], `there are ${count} types; the limit is ${limits.maxTypes}`)
}

/** The names of what generated code declares for a command and its service. */
const derivedNames = (command: SpecIr.Command): ReadonlyArray<string> => [
  ...namesOfCommand(command),
  ...namesOfService(command)
]

/** What the files of a command declare. @internal */
export const namesOfCommand = ({ name }: SpecIr.Command): ReadonlyArray<string> => {
  const base = pascalOfCommand(name)
  return ["", ...commandSuffixes].map((suffix) => base + suffix)
}

const namesOfService = ({ service }: SpecIr.Command): ReadonlyArray<string> => {
  if (service === undefined) return []
  const owner = pascal(service.name)
  return ["Service", "Commands", "Implementation", "Module", "Handlers"].map((suffix) => owner + suffix)
}

/** A file cannot declare what it imports: `date/time` would be a class `DateTime`. */
const checkOwnNames = (command: SpecIr.Command, report: Report): void => {
  const reserved = (names: ReadonlyArray<string>) =>
    names.find((name) => NamingConventions.isReserved(name, "typescript"))
  const own = reserved(namesOfCommand(command))
  if (own !== undefined) {
    const last = command.name.lastIndexOf("/") + 1
    report(
      ["name"],
      `the command would be generated as ${own}, which generated code uses for something else: choose another name`,
      [`${command.name.slice(0, last)}get-${command.name.slice(last)}`]
    )
  }
  const owner = reserved(namesOfService(command))
  if (owner !== undefined) {
    report(
      [command.service!.language === "rust" ? "rust" : "service", "module"],
      `the service would be generated as ${owner}, which generated code uses for something else: choose another module`,
      [`${command.service!.path}-host`]
    )
  }
}

/** File systems and Rust tell less apart than TypeScript does. */
const fold = (name: string): string => pascal(name).toLowerCase()

// ---------------------------------------------------------------------------
// enums and unions
// ---------------------------------------------------------------------------

const checkEnum = (declaration: SpecIr.Enum, path: ReadonlyArray<string | number>, report: Report): void => {
  const { values } = declaration
  const of = declaration.inline ? ` of ${declaration.name}` : ""
  if (values.length === 0) report(path, "an enum has at least one value")
  if (values.length > limits.maxEnumValues) {
    report(path, `there are ${values.length} values${of}; the limit is ${limits.maxEnumValues}`)
  }
  const seen = new Map<string, string>()
  for (const { value } of values) {
    const variant = pascal(value)
    if (value === "" || value.length > 128 || !value.isWellFormed() || /\p{Cc}/u.test(value)) {
      report(path, `${quote(value)}${of} cannot be a value: write 1 to 128 characters in one line`)
    } else if (!/[A-Za-z0-9]/.test(variant)) {
      report(path, `${quote(value)}${of} has no letter or digit to name it by in other languages`)
    } else if (seen.get(variant) === value) report(path, `${quote(value)}${of} stands twice`)
    else if (seen.has(variant)) {
      report(
        path,
        `${quote(seen.get(variant)!)} and ${quote(value)}${of} are both named ${variant} in Rust: change one`
      )
    } else seen.set(variant, value)
  }
}

const checkVariants = (declaration: SpecIr.Union, report: Report): void => {
  const path = ["types", declaration.name, "union"]
  const { variants } = declaration
  if (variants.length === 0) report(path, "a union has at least one variant")
  if (variants.length > limits.maxVariants) {
    report(path, `there are ${variants.length} variants; the limit is ${limits.maxVariants}`)
  }
  if (inherited.has(declaration.discriminator)) {
    report(["types", declaration.name, "discriminator"], `every object has ${quote(declaration.discriminator)} already`)
  }
  const seen = new Map<string, string>()
  for (const variant of variants) {
    const place = [...path, variant.name]
    const folded = pascal(variant.name)
    if (!patterns.variant.test(variant.name)) {
      report(place, `${quote(variant.name)} is no name of a variant: letters and digits, such as Circle`)
    } else if (seen.has(folded)) {
      report(
        place,
        `${quote(seen.get(folded)!)} and ${quote(variant.name)} are both named ${folded} in Rust: rename one`
      )
    }
    seen.set(folded, variant.name)
    if (variant.fields.some((field) => field.name === declaration.discriminator)) {
      report(
        [...place, "fields", declaration.discriminator],
        `${quote(declaration.discriminator)} tells the variants apart: rename the field, or set another "discriminator"`
      )
    }
  }
}
