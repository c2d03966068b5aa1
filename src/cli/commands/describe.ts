import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { UndoRegistry } from "../../history/UndoRegistry.ts"
import { Argument, Command } from "../../internal/effect/cli.ts"
import type * as Operation from "../../operation/Operation.ts"
import { type OperationJson, OperationJsonError, toJson } from "../../operation/OperationJson.ts"
import * as App from "../internal/app.ts"
import { CliFailure, exitCodes } from "../internal/failure.ts"
import { App as AppFlag } from "../internal/globals.ts"
import { findOperation } from "../internal/operations.ts"
import { present } from "../internal/output.ts"
import { indent, prettyJson } from "../internal/text.ts"

const key = Argument.String("key").pipe(Argument.withDescription("The key of an operation, such as note.create"))

/**
 * `opbus describe <key>`
 *
 * @internal
 */
export const describe = Command.make("describe", { key }, ({ key }) =>
  App.provide(Effect.gen(function*() {
    const operation = yield* findOperation(key)
    const json = yield* describedAs(operation)
    // Takes modules that only this command needs.
    const { exampleInput } = yield* Effect.promise(() => import("../internal/example.ts"))
    const description: Description = {
      ...json,
      undo: (yield* UndoRegistry).lookup(key)?.inverse.key ?? null,
      example: yield* exampleInput(operation, json.input)
    }
    const app = Option.getOrElse(yield* AppFlag, () => "<module>")
    yield* present([description], () => render(description, app))
  }))).pipe(Command.withDescription("Show an operation: its schemas, annotations, undo and an example input"))

interface Description extends OperationJson {
  /** The key of the operation that takes it back. */
  readonly undo: string | null
  /** Absent when no valid input was found. */
  readonly example: unknown
}

const describedAs = (operation: Operation.Any): Effect.Effect<OperationJson, CliFailure> =>
  Effect.try({
    try: () => toJson(operation),
    catch: (error) =>
      new CliFailure({
        exitCode: exitCodes.failed,
        reason: "NotJson",
        message: `"${operation.key}" cannot be described as JSON: ${
          error instanceof OperationJsonError
            ? `its ${error.path.map(String).join(".")}: ${error.issue}`
            : String(error)
        }`,
        cause: error
      })
  })

const render = (description: Description, app: string): string => {
  const { annotations, error, example, input, key, label, output, progress, stream, undo } = description
  const facts: ReadonlyArray<readonly [string, string]> = [
    ["mode", stream ? "stream" : description.executionMode],
    ["version", String(description.version)],
    ["concurrency", description.concurrency + (description.lane === undefined ? "" : ` in lane ${description.lane}`)],
    ["undo", undo === null ? "cannot be undone" : `by ${undo}`],
    ...Object.entries(annotations).map(([name, value]) => [name, value === true ? "yes" : String(value)] as const)
  ]
  const width = Math.max(...facts.map(([name]) => name.length))
  const title = label === undefined ? key : `${key} - ${label}`
  return [
    description.description === undefined ? title : `${title}\n${indent(description.description)}`,
    facts.map(([name, value]) => `${name.padEnd(width)}  ${value}`).join("\n"),
    ...section("Input", input),
    ...section(stream ? "Output, each" : "Output", output),
    ...section("Error", error),
    ...section("Progress", progress),
    ...(example === undefined ? [] : [`Example\n${indent(invocation(app, key, example))}`])
  ].join("\n\n")
}

/** Nothing for what there never is: an operation without errors has the schema that fits nothing. */
const section = (title: string, schema: object): ReadonlyArray<string> =>
  JSON.stringify(schema) === "{\"not\":{}}" ? [] : [`${title}\n${indent(prettyJson(schema))}`]

const invocation = (app: string, key: string, example: unknown): string => {
  const call = `opbus --app ${app} invoke ${key}`
  return example === null ? call : `${call} '${JSON.stringify(example).replaceAll("'", String.raw`'\''`)}'`
}
