import * as Config from "effect/Config"
import { Flag, GlobalFlag } from "../../internal/effect/cli.ts"

/** @internal */
export const App = GlobalFlag.Setting("app")({
  flag: Flag.String("app").pipe(
    Flag.withAlias("a"),
    Flag.withMetavar("<module>"),
    Flag.withDescription("The module whose default export is the application's Layer (or the variable OPBUS_APP)"),
    Flag.withFallbackConfig(Config.String("OPBUS_APP")),
    Flag.optional
  )
})

/** @internal */
export const Json = GlobalFlag.Setting("json")({
  flag: Flag.Boolean("json").pipe(
    Flag.withDescription("Print JSON, one object per line"),
    Flag.withDefault(false)
  )
})

const Debug = GlobalFlag.Setting("debug")({
  flag: Flag.Boolean("debug").pipe(
    Flag.withDescription("Print the cause of a failure with its stack trace as well"),
    Flag.withDefault(false)
  )
})

/** @internal */
export const globals = [App, Json, Debug] as const

/**
 * Whether a switch is among the arguments, for what is said before they are parsed or when they cannot be.
 *
 * @internal
 */
export const mentions = (args: ReadonlyArray<string>, name: "json" | "debug"): boolean => {
  const end = args.indexOf("--")
  return (end === -1 ? args : args.slice(0, end)).some((arg) => arg === `--${name}` || arg === `--${name}=true`)
}
