/**
 * The `opbus` command, run with its arguments in this process.
 *
 * @since 0.1.0
 */
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as References from "effect/References"
import * as fs from "node:fs"
import { CliConfig, CliOutput, Command, GlobalFlag } from "../internal/effect/cli.ts"
import * as NodeMain from "../node/NodeMain.ts"
import { stderrLogger } from "./internal/logger.ts"
import { report } from "./internal/report.ts"
import { opbus } from "./OpbusCommand.ts"

/**
 * Runs the command and ends the process.
 *
 * @category running
 * @since 0.1.0
 */
export const run = (args: ReadonlyArray<string>): void =>
  NodeMain.run(
    Command.runWith(opbus, { version: version() })(args).pipe(Effect.provide(environment(args))),
    report(args)
  )

/** Help that was asked for is a result; help in place of one is not. Errors are reported by `report`. */
const presenter: CliOutput.Presenter = {
  present: (event) => {
    switch (event._tag) {
      case "Help":
        return Effect.flatMap(CliOutput.Formatter, (formatter) => {
          const help = formatter.formatHelpDoc(event.helpDoc)
          return event.reason === "Requested" ? Console.log(help) : Console.error(help)
        })
      case "Version":
        return Console.log(event.version)
      case "InvalidInvocation":
        return Effect.void
    }
  }
}

/** Whoever makes a new application has installed nothing but opbus yet. */
const platform = await import("@effect/platform-node/NodeServices").then(
  ({ layer }) => layer,
  async (error) => {
    if (!process.argv.includes("init")) throw error
    return (await import("./internal/bareServices.ts")).bareServices
  }
)

const builtIns = [GlobalFlag.Help, GlobalFlag.Version, GlobalFlag.Completions, GlobalFlag.LogLevel]

const environment = (args: ReadonlyArray<string>) =>
  Layer.mergeAll(
    platform,
    CliConfig.layer({ builtIns }),
    CliOutput.layerPresenter(presenter),
    Logger.layer([stderrLogger(args)]),
    Layer.succeed(References.MinimumLogLevel, "Warn")
  )

const version = (): string => {
  const manifest = fs.readFileSync(new URL("../../package.json", import.meta.url), "utf8")
  return (JSON.parse(manifest) as { readonly version: string }).version
}
