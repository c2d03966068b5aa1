import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Path from "effect/Path"
import * as AdapterError from "../../spec/AdapterError.ts"
import type * as SpecCompiler from "../../spec/SpecCompiler.ts"
import * as SpecError from "../../spec/SpecError.ts"
import { CliFailure, exitCodes } from "./failure.ts"
import { remark } from "./output.ts"
import { table } from "./text.ts"

/**
 * The path of a spec that was given relative to the working directory, as the project says it. A name stays a name.
 *
 * @internal
 */
export const fromRoot = Effect.fnUntraced(function*(root: string, given: string) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const file = path.resolve(given)
  const isFile = yield* Effect.orElseSucceed(fs.exists(file), () => false)
  return isFile ? path.relative(root, file).split(path.sep).join("/") : given
})

type Failure = SpecCompiler.GenerateError

/** What follows would scroll the first ones away. */
const listed = 100

/**
 * Says what is wrong, a line each, on the error output.
 *
 * @internal
 */
export const explain = (error: Failure) => {
  switch (error._tag) {
    case "SpecError":
      return Effect.forEach(error.problems.slice(0, listed), (problem) => {
        const { message: text, ...place } = problem
        return remark("Problem", SpecError.format(problem), { ...place, text })
      }, { discard: true })
    case "AdapterError":
      return Effect.forEach(
        error.problems.slice(0, listed),
        (problem) => remark("Problem", AdapterError.format(problem), problem),
        {
          discard: true
        }
      )
    case "FileWriterError":
      return remark(error.reason, error.message, { paths: error.paths })
  }
}

const summary = (error: SpecError.SpecError | AdapterError.AdapterError): string =>
  error.problems.length === 1 ? "nothing was written" : `nothing was written: ${error.problems.length} problems`

/**
 * Turns what can go wrong into the end of the command.
 *
 * @internal
 */
export const reported = <A, R>(effect: Effect.Effect<A, Failure, R>) =>
  Effect.catch(effect, (error) => {
    switch (error._tag) {
      case "FileWriterError":
        return Effect.fail(failureOf(error.reason, error.message, exitCodes.failed, error, { paths: error.paths }))
      default:
        return Effect.andThen(
          explain(error),
          Effect.fail(failureOf(error._tag, summary(error), exitCodes.usage, error))
        )
    }
  })

const failureOf = (
  reason: string,
  message: string,
  exitCode: number,
  cause: unknown,
  details?: object
): CliFailure => new CliFailure({ exitCode, reason, message, details, cause })

// ---------------------------------------------------------------------------
// what was done
// ---------------------------------------------------------------------------

/** @internal */
export const records = ({ plan, written }: SpecCompiler.Generated): ReadonlyArray<object> => [
  ...plan.changes.filter(({ action }) => action !== "unchanged" && action !== "keep").map((
    { action, path, reason }
  ) => ({ _tag: "File", action, path, ...(reason === undefined ? {} : { reason }) })),
  {
    _tag: written === undefined ? "Planned" : "Generated",
    ...counts(plan.changes),
    ...(written === undefined ? {} : { removed: written.removed.length, backups: written.backups })
  }
]

const counts = (changes: SpecCompiler.Generated["plan"]["changes"]) => {
  const count = (action: string) => changes.filter((change) => change.action === action).length
  return {
    created: count("create"),
    updated: count("update"),
    unchanged: count("unchanged"),
    kept: count("keep"),
    conflicts: count("conflict"),
    stale: count("stale")
  }
}

const shown = 40

const done = (action: string, isWritten: boolean, isRemoved: boolean): string =>
  isRemoved ? "remove" : isWritten && action === "conflict" ? "overwrite" : action

/** @internal */
export const text = ({ plan, written }: SpecCompiler.Generated): string => {
  const visible = plan.changes.filter(({ action }) => action !== "unchanged" && action !== "keep")
  const listed = written === undefined ? visible : visible.slice(0, shown)
  const removed = new Set(written?.removed)
  const lines = listed.map(({ action, path, reason }) =>
    `${done(action, written !== undefined, removed.has(path)).padEnd(9)} ${path}${
      reason === undefined ? "" : ` (${reason})`
    }`
  )
  if (listed.length < visible.length) lines.push(`… and ${visible.length - listed.length} more`)
  for (const backup of written?.backups ?? []) lines.push(`copy      ${backup}`)
  const { conflicts, created, kept, stale, unchanged, updated } = counts(plan.changes)
  const left = stale - removed.size
  const parts = [
    ...(written === undefined
      ? [`${created} to create, ${updated} to update`]
      : [`${created} created, ${updated} updated`]),
    `${unchanged} unchanged`,
    ...(kept === 0 ? [] : [`${kept} yours`]),
    ...(conflicts === 0 ? [] : [written === undefined ? `${conflicts} in conflict` : `${conflicts} overwritten`]),
    ...(removed.size === 0 ? [] : [`${removed.size} removed`]),
    ...(left === 0 ? [] : [`${left} stale (--prune removes ${left === 1 ? "it" : "them"})`])
  ]
  return [...lines, parts.join(", ")].join("\n")
}

// ---------------------------------------------------------------------------
// --stats
// ---------------------------------------------------------------------------

interface Count {
  readonly _tag: "Stats"
  /** `undefined`: all specs. */
  readonly spec?: string
  readonly specLines: number
  readonly files: number
  readonly generatedLines: number
  readonly perLine: number
}

const linesOf = (text: string): number => text.trimEnd().split("\n").length

/**
 * Counts lines. What several specs make together is shared out among them.
 *
 * @internal
 */
export const count = ({ compilation, texts: specs }: SpecCompiler.Generated): ReadonlyArray<Count> => {
  const made = new Map<string, { files: number; lines: number }>(
    specs.map(({ source }) => [source, { files: 0, lines: 0 }])
  )
  for (const file of compilation.files) {
    const lines = linesOf(file.text)
    for (const source of file.sources) {
      const total = made.get(source)
      if (total !== undefined) {
        total.files += 1
        total.lines += lines / file.sources.length
      }
    }
  }
  const one = (specLines: number, files: number, lines: number) => ({
    specLines,
    files,
    generatedLines: Math.round(lines),
    perLine: specLines === 0 ? 0 : Math.round(lines / specLines * 10) / 10
  })
  const rows = specs.map(({ source, text }): Count => {
    const { files, lines } = made.get(source)!
    return { _tag: "Stats", spec: source, ...one(linesOf(text), files, lines) }
  })
  const specLines = rows.reduce((sum, row) => sum + row.specLines, 0)
  const lines = compilation.files.reduce((sum, file) => sum + linesOf(file.text), 0)
  return [...rows, { _tag: "Stats", ...one(specLines, compilation.files.length, lines) }]
}

/** @internal */
export const countText = (rows: ReadonlyArray<Count>): string =>
  table(
    ["SPEC", "LINES", "FILES", "GENERATED", "PER LINE"],
    rows.map((row) => [
      row.spec ?? "all",
      String(row.specLines),
      String(row.files),
      String(row.generatedLines),
      row.perLine.toFixed(1)
    ])
  )
