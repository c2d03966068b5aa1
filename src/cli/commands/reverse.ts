import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Path from "effect/Path"
import type { PlatformError } from "effect/PlatformError"
import { Argument, Command, Flag } from "../../internal/effect/cli.ts"
import type { Reversed, ReversedCommand } from "../../spec/ReverseEngineer.ts"
import { CliFailure, exitCodes, usage } from "../internal/failure.ts"
import { present, remark } from "../internal/output.ts"
import { specProject, unreadable, withParser } from "../internal/specProject.ts"
import { table } from "../internal/text.ts"

const config = {
  sources: Argument.String("sources").pipe(
    Argument.withDescription("Files and folders (default: \"sources\" of opbus.config.json)"),
    Argument.variadic()
  ),
  write: Flag.Boolean("write").pipe(
    Flag.withDescription("Write the specs into the specs folder; those that are there stay"),
    Flag.withDefault(false)
  ),
  force: Flag.Boolean("force").pipe(
    Flag.withDescription("With --write: replace specs that say something else"),
    Flag.withDefault(false)
  ),
  strict: Flag.Boolean("strict").pipe(
    Flag.withDescription("End with exit code 1 when there are warnings"),
    Flag.withDefault(false)
  )
}

/**
 * `opbus reverse`
 *
 * @internal
 */
export const reverse = Command.make("reverse", config, ({ force, sources, strict, write }) =>
  Effect.gen(function*() {
    const project = yield* specProject(sources)
    const tool = yield* Effect.promise(() => import("../../spec/ReverseEngineer.ts"))
    const found = yield* withParser(tool.reverse(project))
    const outcomes = write ? yield* writeSpecs(project.root, found, force) : new Map<string, Outcome>()
    yield* present(
      found.commands.map(({ file, kind, line, path, spec }) => ({
        file,
        path,
        line,
        kind,
        ...(write && { outcome: outcomes.get(file) }),
        spec
      })),
      () => render(found, outcomes, write)
    )
    for (const { column, line, message, path } of found.broken) {
      yield* remark("Broken", `${path}:${line}:${column} ${message}`, { path, line, column })
    }
    for (const { code, column, line, message, path } of found.warnings) {
      yield* remark("Warning", `${path}:${line}:${column} ${code}: ${message}`, { path, line, column, code })
    }
    if (found.broken.length > 0 || (strict && found.warnings.length > 0)) {
      return yield* new CliFailure({
        exitCode: exitCodes.failed,
        reason: "Warnings",
        message: found.broken.length > 0
          ? `${found.broken.length} files could not be read`
          : `${found.warnings.length} warnings`
      })
    }
  }).pipe(Effect.catchTag("PlatformError", (error) => Effect.fail(unreadable(error))))).pipe(
    Command.withDescription(`Read the commands of existing TypeScript as specs

  Generated files are read back exactly, hand-written operations and XParams/XResult interfaces as far as they can be seen;
  what cannot be seen is a warning with its file and line.`),
    Command.withExamples([
      { command: "opbus reverse src/commands/gpu", description: "See the specs of one folder" },
      { command: "opbus reverse --write", description: "Write the specs that are missing" }
    ])
  )

type Outcome = "created" | "replaced" | "unchanged" | "kept"

/** Writes each spec unless another one is in its place. */
const writeSpecs = Effect.fnUntraced(function*(
  root: string,
  { commands }: Reversed,
  force: boolean
): Effect.fn.Return<
  ReadonlyMap<string, Outcome>,
  PlatformError | CliFailure,
  FileSystem.FileSystem | Path.Path
> {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const places = new Map<string, ReversedCommand>()
  for (const command of commands) {
    const other = places.get(command.file)
    if (other !== undefined) {
      return yield* usage(
        "DuplicateCommand",
        `"${command.spec.name}" is defined twice: ${other.path}:${other.line} and ${command.path}:${command.line}; nothing was written`
      )
    }
    places.set(command.file, command)
  }
  const outcomes = new Map<string, Outcome>()
  for (const { file, spec } of commands) {
    const target = path.join(root, file)
    const text = `${JSON.stringify(spec, null, 2)}\n`
    const previous = (yield* fs.exists(target)) ? yield* fs.readFileString(target) : undefined
    const outcome: Outcome = previous === undefined
      ? "created"
      : previous === text
      ? "unchanged"
      : force
      ? "replaced"
      : "kept"
    outcomes.set(file, outcome)
    if (outcome === "unchanged" || outcome === "kept") continue
    yield* fs.makeDirectory(path.dirname(target), { recursive: true })
    yield* fs.writeFileString(target, text)
  }
  return outcomes
})

const render = ({ commands, warnings }: Reversed, outcomes: ReadonlyMap<string, Outcome>, write: boolean): string => {
  if (commands.length === 0) {
    return "No commands: there are neither operations, nor interfaces XParams and XResult beside a class X."
  }
  if (!write && commands.length === 1) return JSON.stringify(commands[0]!.spec, null, 2)
  const count = (outcome: Outcome) => [...outcomes.values()].filter((one) => one === outcome).length
  return [
    table(
      write ? ["SPEC", "FROM", "KIND", ""] : ["SPEC", "FROM", "KIND"],
      commands.map(({ file, kind, line, path }) => [
        file,
        `${path}:${line}`,
        kind,
        ...(write ? [outcomes.get(file) ?? ""] : [])
      ])
    ),
    "",
    write
      ? `${count("created")} created, ${count("replaced")} replaced, ${count("unchanged")} unchanged, ${
        count("kept")
      } kept as they are${count("kept") > 0 ? " (--force replaces them)" : ""}; ${warnings.length} warnings`
      : `${commands.length} commands, ${warnings.length} warnings; --write writes the specs`
  ].join("\n")
}
