import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import type { Single } from "../../operation/OperationInvoker.ts"
import type { QueryHandle, QueryOptions, QueryState } from "../QueryState.ts"
import { Cell } from "./cell.ts"
import { BusClientKey } from "./client.ts"
import { inNextFrame } from "./frames.ts"
import type { Client, Host } from "./host.ts"
import { failureOf } from "./operationHandle.ts"
import type { Refreshes } from "./refreshes.ts"
import { isAway, returning } from "./returning.ts"

const loading: QueryState<any> = { data: undefined, error: undefined, loading: true, refreshing: false }

/**
 * A query that runs while somebody looks.
 *
 * Invariant: it runs at most once at a time; whatever asks for another run meanwhile, and within a frame, asks for one.
 *
 * @internal
 */
export class Query<Op extends Single> extends Cell<QueryState<Op>> implements QueryHandle<Op> {
  private readonly run: () => void
  private fiber: Fiber.Fiber<unknown, unknown> | undefined
  private again = false
  /** Stops waiting for a server that is away. */
  private waiting: (() => void) | undefined
  private failures = 0
  private opened = false

  constructor(
    host: Host,
    refreshes: Refreshes,
    operation: Op,
    input: Op["input"]["Type"],
    { actor, headers, refreshOn = [] }: QueryOptions
  ) {
    super(loading, () => {
      this.opened = true
      const stop = refreshes.add(operation, refreshOn, this.refresh)
      this.run()
      return () => {
        this.opened = this.again = false
        stop()
        this.waiting?.()
        this.fiber?.interruptUnsafe()
      }
    })
    this.run = () => {
      if (this.fiber !== undefined) {
        this.again = true
        return
      }
      this.waiting?.()
      this.waiting = undefined
      const known = this.value.data !== undefined
      this.set({ ...this.value, loading: !known, refreshing: known })
      const effect = Effect.flatMap(
        BusClientKey,
        (client) => (client as Client).invoke(operation, input, { actor, headers })
      )
      let ended = false
      const fiber = host.fork(effect, (exit) => {
        ended = true
        this.fiber = undefined
        const failure = exit._tag === "Failure" ? failureOf(exit.cause) : undefined
        if (exit._tag === "Success") this.set({ data: exit.value, error: undefined, loading: false, refreshing: false })
        else this.set({ ...this.value, error: failure as Error | undefined, loading: false, refreshing: false })
        const away = failure !== undefined && isAway(failure)
        if (!away) this.failures = 0
        if (this.again) {
          this.again = false
          this.refresh()
        } else if (away && this.opened) {
          this.waiting = host.follow((client) =>
            Effect.andThen(returning(client.connection, this.failures++), Effect.sync(this.refresh))
          )
        }
      })
      if (!ended) this.fiber = fiber
    }
  }

  readonly refresh = (): void => {
    if (this.opened) inNextFrame(this.turn)
  }

  private readonly turn = {
    flush: (): void => {
      if (this.opened) this.run()
    }
  }
}
