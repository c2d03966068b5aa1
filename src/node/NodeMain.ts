/**
 * Runs an Effect as the whole of a process.
 *
 * @since 0.1.0
 */
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Runtime from "effect/Runtime"

/**
 * The exit code of a process whose output nobody reads any more, as the shell reports it.
 *
 * @category exit codes
 * @since 0.1.0
 */
export const brokenPipe = 141

/**
 * Something was thrown, or a promise rejected, where nobody could catch it.
 *
 * @category errors
 * @since 0.1.0
 */
export class UncaughtError
  extends Data.TaggedError("UncaughtError")<{ readonly message: string; readonly cause: unknown }>
{}

/**
 * Runs an effect, and ends the process with the code that its exit is given.
 *
 * **When to use**
 *
 * Use for commands. A server wants `NodeRuntime.runMain` of `@effect/platform-node`, which leaves the process alive while
 * something still holds it.
 *
 * **Details**
 *
 * `SIGINT` and `SIGTERM` interrupt the effect; its finalizers run. A second signal ends the process at once. When the
 * reader of the output goes away (`… | head -1`) the effect is interrupted as well, and the process ends quietly. So it is
 * when something is thrown outside of the effect, and then the exit is an `UncaughtError`. What has been written is flushed
 * first.
 *
 * @category running
 * @since 0.1.0
 */
export const run = <A, E>(
  effect: Effect.Effect<A, E>,
  exitCodeOf: (exit: Exit.Exit<A, E>) => number
): void =>
  runMain(effect, {
    disableErrorReporting: true,
    teardown: (exit, onExit) => onExit(exitCodeOf(exit as Exit.Exit<any, any>))
  })

/**
 * Waits for the first `SIGINT` or `SIGTERM`, which then does not interrupt the effect that `run` runs. A second one still
 * ends the process at once.
 *
 * **When to use**
 *
 * Use in a server that ends by itself when it is asked to, after it has finished what it was doing.
 *
 * @category signals
 * @since 0.1.0
 */
export const stopSignal: Effect.Effect<void> = Effect.callback<void>((resume) => {
  const stop = () => resume(Effect.void)
  onStop = stop
  return Effect.sync(() => {
    if (onStop === stop) onStop = undefined
  })
})

/** A process gets its signals once, for all that runs in it. */
let onStop: (() => void) | undefined

const runMain = Runtime.makeRunMain(({ fiber, teardown }) => {
  let signals = 0
  let broken = false
  let uncaught: UncaughtError | undefined
  const onSignal = () => {
    if (++signals > 1) process.exit(130)
    if (onStop !== undefined) onStop()
    else fiber.interruptUnsafe()
  }
  process.on("SIGINT", onSignal)
  process.on("SIGTERM", onSignal)
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error
    broken = true
    fiber.interruptUnsafe()
  })
  process.on("uncaughtException", (cause: unknown) => {
    uncaught ??= new UncaughtError({ message: cause instanceof Error ? cause.message : String(cause), cause })
    fiber.interruptUnsafe()
  })
  // Nobody reads the complaints: there is nobody left to complain to.
  process.stderr.on("error", () => {})

  fiber.addObserver((exit) => {
    if (broken) process.exit(brokenPipe)
    teardown(
      uncaught === undefined ? exit : Exit.die(uncaught),
      (code) => process.stdout.write("", () => process.stderr.write("", () => process.exit(code)))
    )
  })
})
