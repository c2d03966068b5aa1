/**
 * What `npm start` is told on the command line.
 */
import { Data, Effect } from "effect"
import { parseArgs } from "node:util"

export class UsageError extends Data.TaggedError("UsageError")<{ readonly message: string }> {}

export type Options =
  | { readonly _tag: "Help" }
  | { readonly _tag: "Terminal"; readonly folder: string | undefined; readonly words: string }
  | {
    readonly _tag: "Web"
    readonly folder: string | undefined
    readonly host: string
    /** `undefined`: the usual one, or any that is free. */
    readonly port: number | undefined
  }

export const usualPort = 4400

const defaultWords = "getting started"

export const help = `Usage: npm start [-- [folder] [--port number] [--host name]]
       npm start -- --terminal [folder] [--search words]

Opens a notebook in the browser: notes, collections, search, undo and redo, and the devtools that show what happens
behind them. Prints the addresses; Ctrl-C ends it.

  folder          Markdown files to begin with: they become a collection, unless they are one already
  --port number   where to listen; ${usualPort} when it is left out, or any port if that is taken; 0 takes a free one
  --host name     127.0.0.1 (the default), ::1 or localhost: nobody but this machine is answered

  --terminal      tells a story in the terminal instead: imports the Markdown files of a folder (node_modules when it is
                  left out), searches and reorganises them, undoes and redoes it all. The next run undoes the newest action
  --search words  what the story looks for; "${defaultWords}" when it is left out
  -h, --help      print this

The notebook is .opbus/notebook.db; the variable OPBUS_NOTEBOOK_DIR names another folder for it. Delete it to start over.
Notes are found by Rust where it is built; with OPBUS_NOTEBOOK_NATIVE=false, by TypeScript in any case.
The same notebook from the command line, also beside the browser: opbus --app examples/notebook/app.ts list`

const refuse = (message: string) => Effect.fail(new UsageError({ message }))

const parsed = (args: ReadonlyArray<string>) =>
  Effect.try({
    try: () =>
      parseArgs({
        args: [...args],
        options: {
          help: { type: "boolean", short: "h" },
          terminal: { type: "boolean" },
          search: { type: "string" },
          port: { type: "string", short: "p" },
          host: { type: "string" }
        },
        allowPositionals: true
      }),
    catch: (error) =>
      new UsageError({ message: `${(error as Error).message.split(". ", 1)[0]}. See npm start -- --help.` })
  })

const loopback = /^(localhost|::1|127(\.\d{1,3}){3})$/

export const parse = (args: ReadonlyArray<string>): Effect.Effect<Options, UsageError> =>
  Effect.gen(function*() {
    const { positionals: [folder, another], values } = yield* parsed(args)
    if (values.help === true) return { _tag: "Help" }
    if (another !== undefined) return yield* refuse(`One folder at a time, and "${another}" is the second.`)
    if (values.terminal === true) {
      const given = (["port", "host"] as const).find((name) => values[name] !== undefined)
      if (given !== undefined) return yield* refuse(`--${given} goes without --terminal, which serves nothing.`)
      return { _tag: "Terminal", folder, words: values.search ?? defaultWords }
    }
    if (values.search !== undefined) {
      return yield* refuse("--search goes with --terminal; in the browser there is a field for it.")
    }
    const { host = "127.0.0.1", port } = values
    if (port !== undefined && !(/^\d{1,5}$/.test(port) && Number(port) <= 65_535)) {
      return yield* refuse(`A port is a number between 0 and 65535, not "${port}".`)
    }
    if (!loopback.test(host)) {
      return yield* refuse(
        `On "${host}" others could read your folders, and nothing decides who may: --host is 127.0.0.1, ::1 or localhost.`
      )
    }
    return { _tag: "Web", folder, host, port: port === undefined ? undefined : Number(port) }
  })
