import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { Command, Flag } from "../../internal/effect/cli.ts"
import type { Outcome } from "../../node/NativeBuild.ts"
import { CliFailure, exitCodes } from "../internal/failure.ts"
import { present } from "../internal/output.ts"

const config = {
  force: Flag.Boolean("force").pipe(
    Flag.withDescription("Build although nothing has changed"),
    Flag.withDefault(false)
  ),
  feature: Flag.String("feature").pipe(
    Flag.withMetavar("<name>"),
    Flag.withDescription("With this feature of the crates that have it, into native/dist/<name>"),
    Flag.optional
  )
}

/**
 * `opbus build-native`
 *
 * @internal
 */
export const buildNative = Command.make("build-native", config, ({ feature, force }) =>
  Effect.gen(function*() {
    // Takes modules that only this command needs.
    const [{ build }, { findRoot }] = yield* Effect.promise(() =>
      Promise.all([import("../../node/NativeBuild.ts"), import("../../spec/SpecCompiler.ts")])
    )
    const project = yield* findRoot(process.cwd())
    const outcome = yield* Effect.catch(
      build({ project, force, feature: Option.getOrUndefined(feature) }),
      (error) =>
        Effect.andThen(
          Console.error(error.output.trim()),
          new CliFailure({ exitCode: exitCodes.failed, reason: "BuildFailed", message: error.message, cause: error })
        )
    )
    yield* present([outcome], () => described(outcome))
  })).pipe(Command.withDescription("Build the project's modules in Rust, if they have changed"))

const described = (outcome: Outcome): string => {
  switch (outcome._tag) {
    case "Built":
      return `Built ${outcome.file}.`
    case "Unchanged":
      return `${outcome.file} is up to date.`
    case "NoCargo":
      return "There is no cargo on this machine, so services run in TypeScript. Install Rust (https://rustup.rs) to build them."
    case "NoCrates":
      return `There is no ${outcome.manifest}. Specs with the adapter rust-ipc make one: opbus generate.`
  }
}
