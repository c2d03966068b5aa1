/**
 * An application with everything that the devtools show, in this process: what a test does to it is real, and so is what
 * the page does. It is served by the server that applications have.
 */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Effect, Layer, ManagedRuntime, Schedule } from "effect"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { CurrentActor, type HistoryTracker, Opbus, OperationInvoker, OperationRegistry } from "opbus"
import { Devtools } from "opbus/devtools"
import { OperationHttpServer } from "opbus/node"
import { DeploymentRegistry, OperationServer, type Outbox, RemoteInvoker } from "opbus/remote"
import { SqlOutbox } from "opbus/remote/SqlOutbox"
import { LibsqlClient } from "opbus/sql"
import * as Desk from "./desk.ts"
import { makeMachine } from "./machine.ts"
import { makeShop } from "./shop.ts"

const served = <R>(url: ManagedRuntime.ManagedRuntime<R | OperationHttpServer.OperationHttpServer, unknown>) =>
  url.runPromise(OperationHttpServer.OperationHttpServer.use(({ devtoolsUrl }) => Effect.succeed(devtoolsUrl!)))

const listening = (port: number) => OperationHttpServer.layer({ port })

/** An application that provides a registry and an invoker, and nothing else. */
export const startBare = async () => {
  const runtime = ManagedRuntime.make(
    listening(0).pipe(
      Layer.provide(Devtools.layer({ expose: [] })),
      Layer.provide(OperationServer.layer({ expose: [] })),
      Layer.provide(OperationInvoker.layer),
      Layer.provide(OperationRegistry.layer)
    )
  )
  return { url: await served(runtime), close: () => runtime.dispose() }
}

export const startApp = async () => {
  const directory = await mkdtemp(join(tmpdir(), "opbus-devtools-"))
  const world: Desk.World = { documents: new Map(), stuck: undefined }
  const shop = await makeShop()
  const machine = await makeMachine()
  const runtime = ManagedRuntime.make(
    listening(0).pipe(
      Layer.provide(Devtools.layer({ expose: [...Desk.Desk], title: "Writing desk" })),
      Layer.provide(OperationServer.layer({ expose: [...Desk.Desk] })),
      Layer.provideMerge(Desk.layer(world)),
      Layer.provideMerge(Opbus.layer),
      Layer.provideMerge(machine.layer),
      // What could not be delivered waits until somebody says so.
      Layer.provideMerge(SqlOutbox.layer({ retry: Schedule.spaced("1 hour") })),
      Layer.provideMerge(DeploymentRegistry.layerMemory),
      Layer.provide(RemoteInvoker.layerHttp({ url: shop.url })),
      Layer.provide(LibsqlClient.layer({ url: join(directory, "outbox.db") })),
      Layer.provide(NodeServices.layer)
    )
  )
  type Services = HistoryTracker | OperationInvoker | Outbox | DeploymentRegistry
  const run = <A, E>(effect: Effect.Effect<A, E, Services>): Promise<A> => runtime.runPromise(effect)
  return {
    url: await served(runtime),
    close: async () => {
      await runtime.dispose()
      await shop.close()
      await machine.files.remove()
      await rm(directory, { recursive: true, force: true })
    },
    world,
    shop,
    machine,
    run,
    /** Does something on behalf of somebody. */
    as: <A, E>(actor: string, effect: Effect.Effect<A, E, Services>): Promise<A> =>
      run(Effect.provideService(effect, CurrentActor, actor))
  }
}
