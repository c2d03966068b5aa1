import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import type { BusClient } from "../BusClient.ts"
import { Cell } from "./cell.ts"
import { BusClientKey } from "./client.ts"

/** @internal */
export type Client = (typeof BusClient)["Service"]

/** @internal */
export type HostState =
  | { readonly _tag: "idle" | "starting" | "ready" | "disposed" }
  | { readonly _tag: "failed"; readonly error: unknown }

/**
 * Where the effects of a bus run.
 *
 * Invariants: nothing starts before the first effect; a layer that can be built at once is there when `start` returns, and
 * then what is synchronous has run when `fork` returns; what runs is interrupted by `dispose`, which also closes what was
 * built here, and nothing else.
 *
 * @internal
 */
export class Host {
  readonly state = new Cell<HostState>({ _tag: "idle" })
  private readonly fibers = new Set<Fiber.Fiber<unknown, unknown>>()
  private readonly runtime: ManagedRuntime.ManagedRuntime<any, unknown> | undefined
  private readonly own: boolean
  private context: Context.Context<any> | undefined
  private closed = Promise.resolve()

  constructor(source: unknown) {
    this.own = Layer.isLayer(source)
    if (this.own) this.runtime = ManagedRuntime.make(source as Layer.Layer<unknown, unknown>)
    else if (ManagedRuntime.isManagedRuntime(source)) this.runtime = source
    else {
      this.runtime = undefined
      this.context = source as Context.Context<any>
    }
  }

  get disposed(): boolean {
    return this.state.value._tag === "disposed"
  }

  start(): void {
    if (this.state.value._tag !== "idle") return
    if (this.runtime === undefined) return this.state.setNow({ _tag: "ready" })
    this.state.setNow({ _tag: "starting" })
    const fiber = Effect.runFork(this.runtime.contextEffect)
    const settle = (exit: Exit.Exit<Context.Context<any>, unknown>): void => {
      if (this.disposed) return
      if (exit._tag === "Failure") return this.state.setNow({ _tag: "failed", error: problemOf(exit) })
      this.context = exit.value
      this.state.setNow({ _tag: "ready" })
    }
    const exit = fiber.pollUnsafe()
    if (exit === undefined) fiber.addObserver(settle)
    else settle(exit)
  }

  /** The client, when it is there. */
  get client(): Client | undefined {
    return this.context && Context.get(this.context, BusClientKey) as Client
  }

  fork<A, E>(effect: Effect.Effect<A, E, any>, onExit?: (exit: Exit.Exit<A, E>) => void): Fiber.Fiber<A, E> {
    this.start()
    const ready = this.context
    const whole = this.disposed
      ? Effect.interrupt
      : ready !== undefined
      ? Effect.provideContext(effect, ready)
      : Effect.flatMap(
        this.runtime!.contextEffect as Effect.Effect<Context.Context<any>>,
        (context) => Effect.provideContext(effect, context)
      )
    const fiber = Effect.runFork(whole as Effect.Effect<A, E>)
    const exit = fiber.pollUnsafe()
    if (exit !== undefined) onExit?.(exit)
    else {
      this.fibers.add(fiber)
      fiber.addObserver((exit) => {
        this.fibers.delete(fiber)
        onExit?.(exit)
      })
    }
    return fiber
  }

  /** Runs something with the client until it is stopped. */
  follow(effect: (client: Client) => Effect.Effect<unknown, unknown>): () => void {
    const fiber = this.fork(Effect.flatMap(BusClientKey, (client) => effect(client as Client)))
    return () => fiber.interruptUnsafe()
  }

  dispose(): Promise<void> {
    if (this.disposed) return this.closed
    this.state.setNow({ _tag: "disposed" })
    this.context = undefined
    for (const fiber of this.fibers) fiber.interruptUnsafe()
    return this.closed = this.own ? this.runtime!.dispose() : Promise.resolve()
  }
}

/** What an error boundary shows. */
const problemOf = (exit: Exit.Exit<unknown, unknown>): unknown => {
  const reason = exit._tag === "Failure"
    ? exit.cause.reasons.find((reason) => reason._tag !== "Interrupt")
    : undefined
  return reason === undefined ? new Error("The layer of the bus was interrupted.") : reason._tag === "Fail"
    ? reason.error
    : (reason as { readonly defect: unknown }).defect
}
