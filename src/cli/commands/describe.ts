import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Schema from "effect/Schema"
import { UndoRegistry } from "../../history/UndoRegistry.ts"
import { Argument, Command } from "../../internal/effect/cli.ts"
import * as Operation from "../../operation/Operation.ts"
import * as App from "../internal/app.ts"
import { App as AppFlag } from "../internal/globals.ts"
import { findOperation } from "../internal/operations.ts"
import { present } from "../internal/output.ts"
import { jsonSchemaOf } from "../internal/schemas.ts"
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
    const { exampleInput } = yield* Effect.promise(() => import("../internal/example.ts"))
    const description: Description = {
      key,
      label: operation.meta.label ?? null,
      description: operation.meta.description ?? null,
      version: operation.meta.version ?? 1,
      mode: operation.stream ? "stream" : operation.executionMode,
      concurrency: typeof operation.concurrency === "string" ? operation.concurrency : "keyed",
      annotations: annotationsOf(operation),
      undo: (yield* UndoRegistry).lookup(key)?.inverse.key ?? null,
      input: jsonSchemaOf(operation.input, "input"),
      output: jsonSchemaOf(operation.output, "output"),
      error: isNever(operation.error) ? null : jsonSchemaOf(operation.error, "output"),
      progress: isNever(operation.progress) ? null : jsonSchemaOf(operation.progress, "output"),
      example: yield* exampleInput(operation)
    }
    const app = Option.getOrElse(yield* AppFlag, () => "<module>")
    yield* present([description], () => render(description, app))
  }))).pipe(Command.withDescription("Show an operation: its schemas, annotations, undo and an example input"))

interface Description {
  readonly key: string
  readonly label: string | null
  readonly description: string | null
  readonly version: number
  readonly mode: string
  readonly concurrency: string
  readonly annotations: { readonly [name: string]: unknown }
  /** The key of the operation that takes it back. */
  readonly undo: string | null
  readonly input: object
  readonly output: object
  readonly error: object | null
  readonly progress: object | null
  readonly example: unknown
}

const isNever = (schema: Schema.Constraint): boolean => schema.ast._tag === "Never"

/** By the last part of their names, which is how they are imported. */
const annotationsOf = (operation: Operation.Any): { readonly [name: string]: unknown } => {
  const known = [Operation.Permission, Operation.Idempotent, Operation.Readonly, Operation.Irreversible, Operation.Icon]
  const entries = new Map<string, unknown>()
  for (const [name, value] of operation.annotations.mapUnsafe) {
    const short = known.some((reference) => reference.key === name)
      ? name.slice(name.lastIndexOf("/") + 1).toLowerCase()
      : name
    if (value === null || ["string", "number", "boolean"].includes(typeof value)) entries.set(short, value)
  }
  return Object.fromEntries(entries)
}

const render = (description: Description, app: string): string => {
  const { annotations, error, example, input, key, label, output, progress, undo } = description
  const facts: ReadonlyArray<readonly [string, string]> = [
    ["mode", description.mode],
    ["version", String(description.version)],
    ["concurrency", description.concurrency],
    ["undo", undo === null ? "cannot be undone" : `by ${undo}`],
    ...Object.entries(annotations).map(([name, value]) => [name, String(value)] as const)
  ]
  const width = Math.max(...facts.map(([name]) => name.length))
  const schema = (title: string, value: object | null) =>
    value === null ? [] : [`${title}\n${indent(prettyJson(value))}`]
  const sections = [
    [
      label === null ? key : `${key} - ${label}`,
      ...(description.description === null ? [] : [indent(description.description)])
    ]
      .join("\n"),
    facts.map(([name, value]) => `${name.padEnd(width)}  ${value}`).join("\n"),
    ...schema("Input", input),
    ...schema(description.mode === "stream" ? "Output, each" : "Output", output),
    ...schema("Error", error),
    ...schema("Progress", progress),
    ...(example === undefined ? [] : [`Example\n${indent(invocation(app, key, example))}`])
  ]
  return sections.join("\n\n")
}

const invocation = (app: string, key: string, example: unknown): string => {
  const call = `opbus --app ${app} invoke ${key}`
  return example === null ? call : `${call} '${JSON.stringify(example).replaceAll("'", String.raw`'\''`)}'`
}
