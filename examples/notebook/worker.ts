/**
 * The worker that analyses texts: one handler of the notebook, bundled for workerd, which is the runtime of Cloudflare, and
 * run on this machine.
 */
import { Effect, Exit, Scope } from "effect"
import { fileURLToPath } from "node:url"
import * as Deployer from "opbus/node/Deployer"
import { Folder } from "./app.ts"
import { endOrphan, note } from "./orphan.ts"
import { AnalyzeText } from "./plugins/analysis/operations.ts"

const app = fileURLToPath(new URL("app.ts", import.meta.url))

/** How much of a note is sent to it. */
export const textLimit = 20_000

/** Bundles the one handler; nothing else of the notebook reaches the worker. */
export const build = Effect.gen(function*() {
  const pathOf = yield* Folder
  return yield* Deployer.build({ app, operations: [AnalyzeText.key], target: "workerd", out: pathOf("analysis") })
})

export interface Worker {
  readonly listeningMillis: number
  readonly stop: Effect.Effect<void>
  /** Waits for an end that nobody asked for. */
  readonly exited: Effect.Effect<never, Deployer.DeployError>
}

/** Starts the worker and records where it is, which is how calls find it. */
export const start = (built: Deployer.Built) =>
  Effect.gen(function*() {
    yield* endOrphan(built.folder)
    const scope = yield* Scope.fork(yield* Effect.scope)
    const running = yield* Effect.onError(
      Effect.tap(
        Scope.provide(Deployer.start(built), scope),
        ({ endpoint, pid }) => Effect.andThen(note(built.folder, pid), Deployer.record(built, endpoint))
      ),
      (cause) => Scope.close(scope, Exit.failCause(cause))
    )
    const worker: Worker = {
      listeningMillis: running.listeningMillis,
      stop: Scope.close(scope, Exit.void),
      exited: running.exited
    }
    return worker
  })
