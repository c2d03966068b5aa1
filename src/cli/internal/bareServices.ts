import type { NodeServices } from "@effect/platform-node/NodeServices"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Layer from "effect/Layer"
import * as Path from "effect/Path"
import { ChildProcessSpawner, make as makeSpawner } from "effect/process/ChildProcessSpawner"
import { layerTest as layerStdio } from "effect/Stdio"
import * as Terminal from "effect/Terminal"

const missing = Effect.die(new Error("this needs the package @effect/platform-node"))

/**
 * What parsing a command line asks the platform for, where `@effect/platform-node` is not installed: enough for commands
 * that use nothing of it.
 *
 * @internal
 */
export const bareServices: Layer.Layer<NodeServices> = Layer.mergeAll(
  FileSystem.layerNoop({}),
  Path.layer,
  layerStdio({}),
  Layer.succeed(ChildProcessSpawner, makeSpawner(() => missing)),
  Layer.succeed(
    Terminal.Terminal,
    Terminal.make(
      {
        columns: Effect.succeed(process.stdout.columns ?? 80),
        rows: Effect.succeed(process.stdout.rows ?? 24),
        size: missing,
        readInput: missing,
        readLine: missing,
        display: (text) => Effect.sync(() => void process.stdout.write(text))
      } as Parameters<typeof Terminal.make>[0]
    )
  )
)
