import type * as SpecIr from "../../SpecIr.ts"

/**
 * The types that a command borrows from other specs: the only thing in its representation that its own spec does not settle,
 * since a bare name may belong to any spec of the same service.
 *
 * @internal
 */
export const foreignTypes = (command: SpecIr.Command): ReadonlySet<string> => {
  const found = new Set<string>()
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
        if (type.foreign !== undefined) {
          found.add(`${type.foreign}.${type.name}`)
        }
    }
  }
  const ofFields = (fields: ReadonlyArray<SpecIr.Field>): void => {
    for (const field of fields) {
      visit(field.type)
    }
  }
  ofFields(command.params.fields)
  ofFields(command.result.fields)
  for (const failure of command.failures) {
    ofFields(failure.fields)
  }
  for (const declaration of command.declarations) {
    if (declaration._tag === "Struct") {
      ofFields(declaration.fields)
    } else if (declaration._tag === "Union") {
      for (const variant of declaration.variants) {
        ofFields(variant.fields)
      }
    } else if (declaration._tag === "Alias") {
      visit(declaration.type)
    }
  }
  return found
}
