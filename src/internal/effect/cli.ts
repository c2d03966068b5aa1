/**
 * The `effect/cli` modules opbus uses, so that an upstream rename costs one file. Types and values, nothing added.
 *
 * @since 0.1.0
 */
export * as Argument from "effect/cli/Argument"
export * as CliConfig from "effect/cli/CliConfig"
export * as CliError from "effect/cli/CliError"
export * as CliOutput from "effect/cli/CliOutput"
export * as Command from "effect/cli/Command"
export * as Flag from "effect/cli/Flag"
export * as GlobalFlag from "effect/cli/GlobalFlag"
