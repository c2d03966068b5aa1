import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { Command, Flag } from "../../internal/effect/cli.ts"
import type { Enforcement } from "../../spec/SpecEnforcer.ts"
import { CliFailure, exitCodes, usage } from "../internal/failure.ts"
import { present, remark } from "../internal/output.ts"
import { specProject, unreadable, withParser } from "../internal/specProject.ts"

const config = {
  since: Flag.String("since").pipe(
    Flag.withMetavar("<revision>"),
    Flag.withDescription("Look for breaking changes against this revision, for example origin/main"),
    Flag.optional
  ),
  allowBreaking: Flag.Boolean("allow-breaking").pipe(
    Flag.withDescription("Breaking changes are warnings"),
    Flag.withDefault(false)
  ),
  hook: Flag.Boolean("hook").pipe(
    Flag.withDescription("Print a pre-commit hook, and look at nothing"),
    Flag.withDefault(false)
  )
}

/**
 * `opbus enforce`
 *
 * @internal
 */
export const enforce = Command.make("enforce", config, ({ allowBreaking, hook, since }) =>
  Effect.gen(function*() {
    if (hook) return yield* present([{ hook: script }], () => script)
    const { root } = yield* specProject()
    // Takes modules that only the commands around specs need.
    const [compiler, loader, tool] = yield* Effect.promise(() =>
      Promise.all([
        import("../../spec/SpecCompiler.ts"),
        import("../../node/NodeAdapterLoader.ts"),
        import("../../spec/SpecEnforcer.ts")
      ])
    )
    const { adapters, config } = yield* Effect.provide(compiler.open({ root }), loader.layer)
    const found = yield* withParser(
      tool.enforce({ root, config, adapters, since: Option.getOrUndefined(since), allowBreaking })
    )
    for (const { level, message, ...place } of found.findings) {
      yield* remark(
        level === "error" ? "Error" : "Warning",
        `${place.path}:${place.line}:${place.column} ${level}: ${message}`,
        place
      )
    }
    yield* present([{ _tag: "Enforced", ...found }], () => summary(found))
    if (found.errors > 0) {
      return yield* new CliFailure({
        exitCode: exitCodes.failed,
        reason: "Violations",
        message: `${counted(found.errors, "error")}: see above`
      })
    }
  }).pipe(
    Effect.catchTags({
      PlatformError: (error) => Effect.fail(unreadable(error)),
      GitError: (error) => Effect.fail(usage("GitError", error.message, error)),
      SpecError: (error) => Effect.fail(usage("SpecError", error.message, error)),
      AdapterError: (error) => Effect.fail(usage("AdapterError", error.message, error)),
      FileWriterError: (error) =>
        Effect.fail(
          new CliFailure({ exitCode: exitCodes.failed, reason: error.reason, message: error.message, cause: error })
        )
    })
  )).pipe(
    Command.withDescription(`Fail when the project leaves its specs

  A new command without a spec is an error, an old one a warning. Generated files have to be what their specs say. With
  --since, specs must not have changed so that callers break. Exit code 1 when there are errors.`),
    Command.withExamples([
      { command: "opbus enforce", description: "Before a commit" },
      { command: "opbus enforce --since origin/main", description: "Before a merge" },
      {
        command: "opbus enforce --hook > .git/hooks/pre-commit && chmod +x .git/hooks/pre-commit",
        description: "Always"
      }
    ])
  )

const script = `#!/bin/sh
# opbus: new commands need specs, and generated files are what their specs say.
exec npx --no-install opbus enforce`

const summary = ({ added, commands, errors, generated, warnings }: Enforcement): string =>
  `${counted(commands, "command")}, ${added} of them new; ${counted(generated, "generated file")} compared; ` +
  `${counted(errors, "error")}, ${counted(warnings, "warning")}`

const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? "" : "s"}`
