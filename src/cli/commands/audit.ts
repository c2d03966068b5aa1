import * as Effect from "effect/Effect"
import { Argument, Command, Flag } from "../../internal/effect/cli.ts"
import { CliFailure, exitCodes } from "../internal/failure.ts"
import { Json } from "../internal/globals.ts"
import { present, remark } from "../internal/output.ts"
import { specProject, unreadable, withParser } from "../internal/specProject.ts"

const config = {
  sources: Argument.String("sources").pipe(
    Argument.withDescription("Files and folders (default: \"sources\" of opbus.config.json)"),
    Argument.variadic()
  ),
  top: Flag.Int("top").pipe(
    Flag.withMetavar("<number>"),
    Flag.withDescription("How many folders to list"),
    Flag.withDefault(10)
  ),
  max: Flag.Int("max").pipe(
    Flag.withMetavar("<number>"),
    Flag.withDescription("How many violations are accepted; lower it as they go"),
    Flag.withDefault(0)
  ),
  all: Flag.Boolean("all").pipe(
    Flag.withDescription("List every violation with its file and line"),
    Flag.withDefault(false)
  )
}

/**
 * `opbus audit`
 *
 * @internal
 */
export const audit = Command.make("audit", config, ({ all, max, sources, top }) =>
  Effect.gen(function*() {
    const project = yield* specProject(sources)
    // Takes modules that only the commands around specs need.
    const tool = yield* Effect.promise(() => import("../../spec/ConformanceAudit.ts"))
    const report = yield* withParser(tool.audit(project))
    yield* present([report], () => tool.text(report, { top }))
    const found = report.violations.length
    if (all && !(yield* Json)) {
      for (const { column, line, message, path, rule } of report.violations) {
        yield* remark("Violation", `${path}:${line}:${column} ${rule}: ${message}`)
      }
    }
    if (found > max) {
      return yield* new CliFailure({
        exitCode: exitCodes.failed,
        reason: "Violations",
        message: `${found} ${found === 1 ? "violation" : "violations"}${max > 0 ? `, and ${max} are accepted` : ""}${
          all ? "" : "; --all lists them"
        }`,
        details: { violations: found, accepted: max }
      })
    }
  }).pipe(Effect.catchTag("PlatformError", (error) => Effect.fail(unreadable(error))))).pipe(
    Command.withDescription(`Look how far the project keeps to its specs

  Figures of specs, static accessors, any, raw calls and resource-owning modules, and the folders with most violations.
  Exit code 1 when there are more violations than --max accepts.`),
    Command.withExamples([
      { command: "opbus audit", description: "The figures" },
      { command: "opbus audit --all src/commands", description: "Every violation of one folder" },
      { command: "opbus --json audit", description: "For a script" }
    ])
  )
