/**
 * What cannot be said in TypeScript.
 *
 * @since 0.1.0
 */
import type * as SpecIr from "../SpecIr.ts"

/**
 * Names the types of a command that have no schema in TypeScript, each in one sentence.
 *
 * @category combinators
 * @since 0.1.0
 */
export const types = (command: SpecIr.Command): ReadonlyArray<string> => {
  const missing = new Set<string>()
  const visit = (type: SpecIr.Type): void => {
    switch (type._tag) {
      case "Primitive":
        return
      case "Array":
        return visit(type.item)
      case "Record":
        return visit(type.value)
      case "Nullable":
        return visit(type.inner)
      case "Ref":
        if (type.external !== undefined && type.external.typescript === undefined) {
          missing.add(type.name)
        }
    }
  }
  const ofFields = (fields: ReadonlyArray<SpecIr.Field>) => fields.forEach((field) => visit(field.type))
  ofFields(command.params.fields)
  ofFields(command.result.fields)
  command.failures.forEach((failure) => ofFields(failure.fields))
  for (const declaration of command.declarations) {
    switch (declaration._tag) {
      case "Struct":
        ofFields(declaration.fields)
        break
      case "Union":
        declaration.variants.forEach((variant) => ofFields(variant.fields))
        break
      case "Alias":
        visit(declaration.type)
        break
      case "Enum":
        break
    }
  }
  return [...missing].map((name) =>
    `does not know where the type ${name} is in TypeScript; say so in "types" of opbus.config.json`
  )
}
