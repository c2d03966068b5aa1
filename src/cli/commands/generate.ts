import * as Effect from "effect/Effect"
import { Command, Flag } from "../../internal/effect/cli.ts"
import * as flags from "../internal/flags.ts"

const config = {
  spec: Flag.String("spec").pipe(
    Flag.withMetavar("<file>"),
    Flag.withDescription("Only what this spec makes, by its file or its name; may be given again"),
    Flag.atLeast(0)
  ),
  adapter: Flag.String("adapter").pipe(
    Flag.withMetavar("<name>"),
    Flag.withDescription("This adapter in place of the specs' own; may be given again"),
    Flag.atLeast(0)
  ),
  dryRun: flags.dryRun.pipe(Flag.withDescription("Only say what would be written")),
  force: Flag.Boolean("force").pipe(
    Flag.withDescription("Overwrite files that were edited or are not the compiler's, and keep copies"),
    Flag.withDefault(false)
  ),
  prune: Flag.Boolean("prune").pipe(
    Flag.withDescription("Remove generated files that no spec makes any more"),
    Flag.withDefault(false)
  ),
  migrate: Flag.Boolean("migrate").pipe(
    Flag.withDescription("Rewrite specs of version 1 as version 2 first"),
    Flag.withDefault(false)
  ),
  stats: Flag.Boolean("stats").pipe(
    Flag.withDescription("Count what each line of a spec makes"),
    Flag.withDefault(false)
  ),
  watch: Flag.Boolean("watch").pipe(
    Flag.withAlias("w"),
    Flag.withDescription("Generate again whenever a spec changes"),
    Flag.withDefault(false)
  )
}

/**
 * `opbus generate`
 *
 * @internal
 */
export const generate = Command.make("generate", config, (options) =>
  Effect.flatMap(
    // Takes modules that only the commands around specs need.
    Effect.promise(() => import("../internal/generation.ts")),
    ({ generate }) => generate(options)
  )).pipe(
    Command.withDescription(`Compile the specs of this project

  The project is the nearest folder with an opbus.config.json, or the current one; its specs are in specs/ unless the
  configuration says otherwise. Either all files are written, or none.`),
    Command.withExamples([
      { command: "opbus generate", description: "Everything" },
      { command: "opbus generate --spec specs/gpu/stats.json --dry-run", description: "What one spec would write" },
      { command: "opbus generate --adapter json-schema", description: "JSON Schemas of all commands" }
    ])
  )
