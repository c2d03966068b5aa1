/**
 * The notebook in the terminal: `npm start [-- folder]`.
 */
import { NodeServices } from "@effect/platform-node"
import { Cause, Console, Effect, Exit, Layer } from "effect"
import { parseArgs } from "node:util"
import { HistoryTracker } from "opbus"
import { NodeMain } from "opbus/node"
import { alone } from "./alone.ts"
import App from "./app.ts"
import { firstRun, laterRun } from "./story.ts"
import { present } from "./terminal.ts"

const defaultWords = "getting started"

const help = `Usage: npm start [-- folder] [--search words]

Imports the Markdown files of a folder into a notebook, searches and reorganises them, undoes and redoes it all, and
leaves the history on disk. The next run lists it and undoes the newest action.

  folder          what to import; node_modules when it is left out
  --search words  what to look for; "${defaultWords}" when it is left out
  -h, --help      print this

The notebook is .opbus/notebook.db; the variable OPBUS_NOTEBOOK_DIR names another folder for it. Delete it to start over.
Notes are found by Rust where it is built; with OPBUS_NOTEBOOK_NATIVE=false, by TypeScript in any case.
The same notebook from the command line: opbus --app examples/notebook/app.ts list`

/** A folder that is named is imported in any case. Without one, a later run goes on where the last one stopped. */
const notebook = (folder: string | undefined, words: string) =>
  Effect.gen(function*() {
    yield* alone
    yield* present
    const continues = yield* HistoryTracker.canUndo
    if (continues) yield* laterRun(words)
    if (!continues || folder !== undefined) yield* firstRun(folder ?? "node_modules", words)
  }).pipe(Effect.scoped, Effect.provide(Layer.merge(App, NodeServices.layer)))

const main = Effect.suspend(() => {
  const { positionals, values } = parseArgs({
    options: { help: { type: "boolean", short: "h" }, search: { type: "string", default: defaultWords } },
    allowPositionals: true
  })
  return values.help === true ? Console.log(help) : notebook(positionals[0], values.search)
})

/** Whatever went wrong is one line. */
const exitCodeOf = (exit: Exit.Exit<void, { readonly message: string }>): number => {
  if (Exit.isSuccess(exit)) return 0
  const interrupted = Cause.hasInterruptsOnly(exit.cause)
  const { message } = Cause.squash(exit.cause) as Error
  console.error(
    interrupted
      ? "\nnotebook: interrupted. What was done can be undone in the next run; what was not finished has been taken back."
      : `notebook: ${message.split("\n", 1)[0]}`
  )
  return interrupted ? 130 : 1
}

NodeMain.run(main, exitCodeOf)
