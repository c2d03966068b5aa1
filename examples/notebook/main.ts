/**
 * `npm start`: the notebook in a browser, or with `--terminal` as a story in the terminal.
 */
import { Cause, Console, Effect, Exit } from "effect"
import { NodeMain } from "opbus/node"
import { help, parse } from "./web/options.ts"

const main = Effect.gen(function*() {
  const options = yield* parse(process.argv.slice(2))
  switch (options._tag) {
    case "Help":
      return yield* Console.log(help)
    case "Terminal": {
      const { tell } = yield* Effect.promise(() => import("./tell.ts"))
      return yield* tell(options.folder, options.words)
    }
    case "Web": {
      const { serve } = yield* Effect.promise(() => import("./web/serve.ts"))
      return yield* serve(options)
    }
  }
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
