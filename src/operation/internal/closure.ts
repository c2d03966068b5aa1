import * as Context from "effect/Context"
import * as Scheduler from "effect/Scheduler"

/**
 * Keys that describe the fiber which runs, not a service which somebody needs. A handler sees its caller's.
 */
const ambientKeys =
  /^~?effect\/(Scope$|Tracer|Clock$|Random$|Scheduler|References\/|Logger|Console|Metric|Schedule\/|ExecutionPlan\/|ErrorReporter|Layer\/|sql\/(CurrentTransformer|SpanPropagationEnabled|SqlClient\/(Transaction|BeginTransaction|SafeIntegers)))|^opbus\/(operation\/(OperationContext$|internal\/|Invocation\/)|sql\/LibsqlClient\/Transaction\/)/

/** Keys of what ends with the invocation that opened it. */
const transientKeys =
  /^effect\/sql\/(SqlClient\/Transaction|CurrentTransactionService)|^opbus\/(operation\/(OperationContext$|internal\/)|sql\/LibsqlClient\/Transaction\/)/

/**
 * The context for work that goes on after the current invocation: without the invocation itself, its group, and an open
 * SQL transaction, which will have ended by then.
 *
 * @internal
 */
export const outlasting = (context: Context.Context<never>): Context.Context<never> =>
  Context.makeUnsafe(new Map(Array.from(context.mapUnsafe).filter(([key]) => !transientKeys.test(key))))

/** The scheduler of synchronous handlers: its tasks can be run to the end at once. */
const syncScheduler: Scheduler.Scheduler = new Scheduler.MixedScheduler("sync")

/**
 * What a handler's layer closes over, and how it meets the context of a caller.
 *
 * Invariant: the services that were there when the layer was built are the handler's, whatever its caller has. The
 * References of the runtime, Scope, spans, the current invocation, the actor and an open SQL transaction are always the
 * caller's; so is a Reference of the application that was merely set around everything. A context does not tell
 * References from services, but a value that is no object and that the registry saw too is no plugin's service.
 *
 * @internal
 */
export class Closure {
  private readonly services: ReadonlyArray<readonly [key: Context.Key<never, unknown>, value: unknown]>
  private lastCaller: Context.Context<never> | undefined
  private lastMerged: Context.Context<never> | undefined
  private lastAsync: Context.Context<never> | undefined
  private lastSync: Context.Context<never> | undefined
  private cachedAlone: Context.Context<never> | undefined

  constructor(captured: Context.Context<never>, surroundings: Context.Context<never>) {
    const services: Array<readonly [key: Context.Key<never, unknown>, value: unknown]> = []
    captured.mapUnsafe.forEach((value, name) => {
      if (ambientKeys.test(name)) return
      const key = Context.Service<never, unknown>(name)
      const isObject = typeof value === "object" ? value !== null : typeof value === "function"
      if (!isObject && Context.getOrUndefined(surroundings, key) === value) return
      services.push([key, value])
    })
    this.services = services
    this.lastCaller = undefined
    this.lastMerged = undefined
    this.lastAsync = undefined
    this.lastSync = undefined
    this.cachedAlone = undefined
  }

  /** The handler's context for a caller. The same caller context gives the same result, without work. */
  merge(caller: Context.Context<never>): Context.Context<never> {
    if (caller === this.lastCaller) return this.lastMerged!
    let merged = caller
    for (const [key, value] of this.services) {
      if (Context.getOrUndefined(caller, key) !== value) merged = Context.add(merged, key, value)
    }
    this.lastCaller = caller
    return this.lastMerged = merged
  }

  /** The same context with a scheduler for a synchronous handler. */
  synchronous(merged: Context.Context<never>): Context.Context<never> {
    if (merged === this.lastAsync) return this.lastSync!
    this.lastAsync = merged
    return this.lastSync = Context.add(merged, Scheduler.Scheduler, syncScheduler)
  }

  /** The context of a synchronous handler whose caller brings nothing along. */
  get alone(): Context.Context<never> {
    return this.cachedAlone ??= this.synchronous(this.merge(Context.empty()))
  }
}
