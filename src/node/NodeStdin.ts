/**
 * What stands at the standard input of this process.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as fs from "node:fs"

/**
 * Tells whether something was piped or redirected into this process. `/dev/null`, a terminal and a closed input do not
 * count, so that a command started by a service manager does not wait for input that nobody writes.
 *
 * @category guards
 * @since 0.1.0
 */
export const isPiped: Effect.Effect<boolean> = Effect.sync(() => {
  try {
    const stat = fs.fstatSync(0)
    return stat.isFIFO() || stat.isFile() || stat.isSocket()
  } catch {
    return false
  }
})
