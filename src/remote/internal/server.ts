import type * as Cause from "effect/Cause"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import type * as Stream from "effect/Stream"
import { sha256 } from "../../internal/sha256.ts"
import { internalsOf, type InvokerInternals } from "../../operation/internal/invoker.ts"
import type { Registration } from "../../operation/internal/registration.ts"
import type { OperationError } from "../../operation/OperationError.ts"
import type { OperationInvoker } from "../../operation/OperationInvoker.ts"
import type { ResultStore } from "../ResultStore.ts"
import type { Authorize, RemoteCall } from "./authorization.ts"
import { Connection, type Outlet, type Peer } from "./connection.ts"
import type { Limits } from "./limits.ts"

/**
 * A request that the bus itself answers, with JSON data in and out.
 *
 * @internal
 */
export interface Builtin {
  readonly kind: RemoteCall["kind"]
  readonly stream: boolean
  readonly run: (payload: unknown, caller: BuiltinCaller) =>
    | Effect.Effect<unknown, unknown>
    | Stream.Stream<unknown, unknown>
}

/** @internal */
export interface BuiltinCaller {
  readonly actor: string | undefined
  /** Fails with `Denied` when the caller may not have this operation run. */
  readonly authorize: (key: string) => Effect.Effect<void, OperationError>
}

/** @internal */
export interface ServerOptions {
  readonly exposed: ReadonlySet<string>
  readonly authorize: Authorize | undefined
  /** Where calls are recorded whose caller can keep a history of its own. */
  readonly history: "server" | "client"
  readonly limits: Limits
  readonly results: (typeof ResultStore)["Service"] | undefined
  readonly builtins: ReadonlyMap<string, Builtin>
}

/** A request over HTTP is a connection, and each would be hashed anew. */
const keptActors = 1_000

/**
 * Answers the messages of clients from the registry. Transports bring it messages and carry its answers.
 *
 * Invariants: only what is exposed is reachable (R1); nothing that a client sends throws or ends the server, and every
 * request with an id is answered exactly once (R2); no defect leaves with its text (I2).
 *
 * @internal
 */
export class Server {
  readonly options: ServerOptions
  readonly internals: InvokerInternals
  /** What calls run with: the References of where the server was made. */
  readonly context: Context.Context<never>
  /** It takes no more calls. */
  closing = false
  private readonly connections = new Set<Connection>()
  private readonly sessions = new Map<string, Set<Connection>>()
  private readonly actors = new Map<string, string>()

  constructor(
    invoker: (typeof OperationInvoker)["Service"],
    context: Context.Context<never>,
    options: ServerOptions
  ) {
    this.internals = internalsOf(invoker)
    this.context = context
    this.options = options
  }

  connect(outlet: Outlet, peer: Peer): Connection {
    const connection = new Connection(this, outlet, peer)
    this.connections.add(connection)
    if (connection.session !== undefined) {
      const others = this.sessions.get(connection.session)
      if (others === undefined) this.sessions.set(connection.session, new Set([connection]))
      else others.add(connection)
    }
    return connection
  }

  disconnect(connection: Connection): void {
    this.connections.delete(connection)
    const { session } = connection
    const others = session === undefined ? undefined : this.sessions.get(session)
    if (others === undefined) return
    others.delete(connection)
    if (others.size === 0) this.sessions.delete(session!)
  }

  /** A call of a client that came over another of its connections: over HTTP each request has one. */
  callOf(session: string, id: string | number) {
    for (const connection of this.sessions.get(session) ?? []) {
      const call = connection.calls.get(id)
      if (call !== undefined) return call
    }
  }

  /**
   * The actor that a session stands for, the same in every process. Others get to see who acted; they must not learn the
   * secret by which a client finds its history.
   */
  actorOf(session: string): string {
    const known = this.actors.get(session)
    if (known !== undefined) return known
    if (this.actors.size >= keptActors) this.actors.clear()
    const actor = `session:${sha256(session).slice(0, 32)}`
    this.actors.set(session, actor)
    return actor
  }

  /** The registration of a key that may be called from outside. */
  exposed(key: string): Registration | undefined {
    return this.options.exposed.has(key) ? this.internals.lookup(key) : undefined
  }

  /** Whether the answer to a key is a stream. */
  isStream(key: string): boolean {
    return this.options.builtins.get(key)?.stream ?? this.exposed(key)?.operation.stream ?? false
  }

  /** Who runs the server should see what the caller may not. */
  report(key: string, cause: Cause.Cause<unknown>): void {
    Effect.runForkWith(this.context)(
      Effect.logError(`A remote call of "${key}" died; the caller was told no more than that.`, cause)
    )
  }

  /** How many calls run now. */
  get inFlight(): number {
    let count = 0
    for (const connection of this.connections) count += connection.calls.size
    return count
  }

  /** How many operations run now; those who watch are not counted. */
  get busy(): number {
    let count = 0
    for (const { calls } of this.connections) for (const call of calls.values()) if (call.builtin === undefined) count++
    return count
  }

  /** Refuses new calls from here on, and waits for those that run. */
  readonly drain: Effect.Effect<void> = Effect.suspend(() => {
    this.closing = true
    return this.busy === 0 ? Effect.void : Effect.andThen(Effect.sleep(20), this.drain)
  })

  /** Interrupts all calls and waits for their ends. */
  readonly close: Effect.Effect<void> = Effect.suspend(() => {
    this.closing = true
    const fibers = Array.from(this.connections).flatMap((connection) => connection.close())
    return Effect.forEach(fibers, Fiber.await, { discard: true })
  })
}
