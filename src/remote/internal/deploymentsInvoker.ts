import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type { RemoteInvoker } from "../../operation/RemoteInvoker.ts"
import type { DeploymentRegistry } from "../DeploymentRegistry.ts"
import { resolve, resolveKey } from "./deploy/resolve.ts"

type Invoker = (typeof RemoteInvoker)["Service"]

/**
 * Calls each operation where it is deployed. There is one client per address, made when it is first needed.
 *
 * @internal
 */
export const makeDeploymentsInvoker = (
  registry: (typeof DeploymentRegistry)["Service"],
  connect: (endpoint: string) => Effect.Effect<Invoker>
): Invoker => {
  const clients = new Map<string, Invoker>()
  const clientAt = (endpoint: string): Effect.Effect<Invoker> =>
    Effect.suspend(() => {
      const known = clients.get(endpoint)
      if (known !== undefined) return Effect.succeed(known)
      return Effect.map(connect(endpoint), (client) => {
        clients.set(endpoint, client)
        return client
      })
    })
  const clientOf = (...[operation, version]: [Parameters<Invoker["invoke"]>[0], number | undefined]) =>
    Effect.flatMap(resolve(registry, operation, version), ({ endpoint }) => clientAt(endpoint))
  return {
    invoke: (operation, input, options) =>
      Effect.flatMap(clientOf(operation, options.version), (client) => client.invoke(operation, input, options)),
    invokeStream: (operation, input, options) =>
      Stream.unwrap(Effect.map(
        clientOf(operation, options.version),
        (client) => client.invokeStream(operation, input, options)
      )),
    invokeKey: (key, input, options) =>
      Effect.flatMap(
        resolveKey(registry, key, options.version),
        ({ endpoint, version }) =>
          Effect.flatMap(clientAt(endpoint), (client) => client.invokeKey(key, input, { ...options, version }))
      )
  }
}
