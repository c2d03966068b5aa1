import * as Context from "effect/Context"

/**
 * Keys that describe the fiber which runs, not a service which somebody needs. A handler sees its caller's.
 */
const ambientKeys =
  /^~?effect\/(Scope$|Tracer|Clock$|Random$|Scheduler|References\/|Logger|Console|Metric|Schedule\/|ExecutionPlan\/|ErrorReporter|Layer\/|sql\/(CurrentTransformer|SpanPropagationEnabled|SqlClient\/(TransactionConnection|BeginTransaction|SafeIntegers)))|^opbus\/operation\/(OperationContext$|internal\/|Invocation\/)/

type Entry = readonly [key: Context.Key<never, unknown>, value: unknown]

/**
 * What a handler's layer closes over, and how it meets the context of a caller.
 *
 * Invariant: what the plugin's layers provided is the handler's; what was merely around when they were built (the same
 * value that the registry saw around itself) comes from the caller, and is only a fallback when the caller has none;
 * References of the runtime, Scope, spans, the current invocation, the actor and an open SQL transaction are always the
 * caller's.
 *
 * @internal
 */
export class Closure {
  private readonly services: ReadonlyArray<Entry>
  private readonly fallbacks: ReadonlyArray<Entry>
  private lastCaller: Context.Context<never> | undefined
  private lastMerged: Context.Context<never> | undefined

  constructor(captured: Context.Context<never>, surroundings: Context.Context<never>) {
    const services: Array<Entry> = []
    const fallbacks: Array<Entry> = []
    captured.mapUnsafe.forEach((value, key) => {
      if (ambientKeys.test(key)) return
      const entry: Entry = [Context.Service<never, unknown>(key), value]
      if (Context.getOrUndefined(surroundings, entry[0]) === value) fallbacks.push(entry)
      else services.push(entry)
    })
    this.services = services
    this.fallbacks = fallbacks
    this.lastCaller = undefined
    this.lastMerged = undefined
  }

  /** The handler's context for a caller. The same caller context gives the same result, without work. */
  merge(caller: Context.Context<never>): Context.Context<never> {
    if (caller === this.lastCaller) return this.lastMerged!
    let merged = caller
    for (const [key, value] of this.services) {
      if (Context.getOrUndefined(caller, key) !== value) merged = Context.add(merged, key, value)
    }
    for (const [key, value] of this.fallbacks) {
      if (Context.getOrUndefined(caller, key) === undefined) merged = Context.add(merged, key, value)
    }
    this.lastCaller = caller
    return this.lastMerged = merged
  }
}
