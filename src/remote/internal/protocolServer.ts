import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import * as Schema from "effect/Schema"
import type { RpcServer } from "../../internal/effect/rpc.ts"
import { BinaryCodecs } from "./codecs.ts"
import type { Connection } from "./connection.ts"
import type { Server } from "./server.ts"

/**
 * Serves over any protocol of `effect/rpc`: workers, stdio, sockets. Whoever is at the other end counts as local.
 *
 * @internal
 */
export const serveProtocol = (
  server: Server,
  protocol: (typeof RpcServer.Protocol)["Service"]
): Effect.Effect<never> => {
  const codecs = protocol.codecFor === Schema.toCodecJson as unknown ? undefined : new BinaryCodecs(protocol.codecFor)
  const connections = new Map<number, Connection>()
  const connect = (client: number): Connection => {
    let outgoing = Promise.resolve()
    const connection = server.connect({
      acks: protocol.supportsAck,
      send: (message) => {
        outgoing = outgoing.then(() => Effect.runPromise(Effect.ignoreCause(protocol.send(client, message))))
      },
      end: () => {
        connections.delete(client)
        server.disconnect(connection)
        outgoing = outgoing.then(() => Effect.runPromise(protocol.end(client)))
      }
    }, { headers: new Map(), local: true, codecs })
    connections.set(client, connection)
    return connection
  }
  const disconnected = Effect.forever(Effect.map(Queue.take(protocol.disconnects), (client) => {
    connections.get(client)?.close()
    connections.delete(client)
  }))
  return Effect.raceFirst(
    disconnected,
    protocol.run((client, message) => Effect.sync(() => (connections.get(client) ?? connect(client)).receive(message)))
  )
}
