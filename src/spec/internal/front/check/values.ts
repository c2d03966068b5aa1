import type * as SpecIr from "../../../SpecIr.ts"
import { makeFits, type Misfit } from "./fits.ts"
import { fieldGroups, type Subject, type World } from "./world.ts"

/**
 * Defaults and examples: values of the types that they stand for.
 *
 * @internal
 */
export const makeCheckValues = (world: World) => {
  const fits = makeFits(world)
  return ({ command, report }: Subject): void => {
    const at = (path: ReadonlyArray<string | number>): Misfit => (inner, message, suggestions) =>
      report([...path, ...inner], message, suggestions)

    for (const group of fieldGroups(command)) {
      group.fields.forEach((field, i) => {
        if (field.default === undefined) return
        fits.check(field.default, field.type, field.constraints, command, [], at([...group.pathOf(i), "default"]))
      })
    }

    const failure = (value: unknown, misfit: Misfit): void => {
      const tag = typeof value === "object" && value !== null && Object.hasOwn(value, "_tag")
        ? (value as { readonly _tag: unknown })._tag
        : undefined
      // What every command of a service can fail with is not for its spec to describe.
      if (tag === "ServiceUnavailable" && command.service !== undefined) return
      const names = command.failures.map(({ name }) => name)
      const found = command.failures.find(({ name }) => name === tag)
      if (found !== undefined) return fits.object(value, found.fields, command, [], misfit, "_tag")
      misfit(
        [],
        names.length === 0
          ? "the spec declares no errors: add it to \"errors\", or leave \"error\" out"
          : `an error has a "_tag", which is ${names.map((name) => JSON.stringify(name)).join(" or ")}`
      )
    }

    command.examples.forEach((example, i) => checkExample(example, ["examples", i]))

    function checkExample(example: SpecIr.Example, path: ReadonlyArray<string | number>): void {
      const { params, result, error } = example
      if (params === undefined && (result !== undefined || error !== undefined)) {
        report(path, "an example with a result or an error says its \"params\" too, so that it can be run")
      }
      if (params === undefined && result === undefined && error === undefined && example.command === undefined) {
        report(path, "an example has \"params\" or a \"command\"")
      }
      if (result !== undefined && error !== undefined && command.mode !== "stream") {
        report([...path, "error"], "a call ends with a result or with an error: keep one of them")
      }
      if (params !== undefined) fits.object(params, command.params.fields, command, [], at([...path, "params"]))
      if (error !== undefined) failure(error, at([...path, "error"]))
      if (result === undefined) return
      if (command.mode !== "stream") {
        return fits.object(result, command.result.fields, command, [], at([...path, "result"]))
      }
      if (!Array.isArray(result)) {
        return report([...path, "result"], "the result of a stream is an array of its elements, in order")
      }
      result.forEach((item, j) => fits.object(item, command.result.fields, command, [], at([...path, "result", j])))
    }
  }
}
