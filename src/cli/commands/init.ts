import * as Effect from "effect/Effect"
import * as path from "node:path"
import { Argument, Command, Flag } from "../../internal/effect/cli.ts"
import { present, remark } from "../internal/output.ts"

const config = {
  folder: Argument.String("folder").pipe(
    Argument.withDescription("Where to make it: a folder that is empty, or not there yet")
  ),
  lockfile: Flag.Boolean("lockfile").pipe(
    Flag.withDescription("Write package-lock.json, for which npm asks its registry; --no-lockfile leaves it out"),
    Flag.withDefault(true)
  )
}

/** An argument for a shell. */
const quoted = (argument: string): string =>
  /^[\p{L}\p{N}._/@:\\-]+$/u.test(argument) ? argument : `'${argument.replaceAll("'", `'\\''`)}'`

/**
 * `opbus init`
 *
 * @internal
 */
export const init = Command.make("init", config, ({ folder, lockfile }) =>
  Effect.gen(function*() {
    // Takes modules that only this command needs.
    const starter = yield* Effect.promise(() => import("../internal/starter.ts"))
    const absolute = path.resolve(folder)
    const made = yield* starter.make(absolute, (version) =>
      remark("Progress", `packing opbus ${version} into ${path.join(folder, "vendor")}: no registry has it`))
    if (lockfile) {
      yield* remark("Progress", "writing package-lock.json")
    }
    const problem = lockfile ? yield* starter.lock(absolute) : undefined
    const locked = lockfile && problem === undefined
    if (problem !== undefined) {
      yield* remark("Warning", `there is no package-lock.json: ${problem}; npm install writes it when it can`, {
        reason: "NoLockfile"
      })
    }
    const record = { _tag: "Initialized", folder: absolute, ...made, lockfile: locked }
    yield* present([record], () => {
      const enter = absolute === process.cwd() ? [] : [`cd ${quoted(folder)}`]
      const steps = [...enter, locked ? "npm ci" : "npm install", "npm start"]
      return `${made.name} is ready. Next:\n\n${
        steps.map((step) => `  ${step}`).join("\n")
      }`
    })
  })).pipe(
    Command.withDescription(`Make a new application

  A to-do list with undo: operations, their handlers and undo mappings, a server, a page in React, and a test.
  See docs/getting-started.md.`),
    Command.withExamples([
      { command: "opbus init todos", description: "In a new folder" },
      { command: "opbus init .", description: "In this one, if it is empty" }
    ])
  )
