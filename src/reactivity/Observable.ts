/**
 * Values that change, for any user interface library.
 *
 * @since 0.1.0
 */
import { Atom } from "../internal/effect/reactivity.ts"

declare global {
  interface SymbolConstructor {
    /** The same as RxJS declares, so that its `from` takes these. */
    readonly observable: symbol
  }
}

/**
 * A value that changes.
 *
 * **When to use**
 *
 * Use as a Svelte store, or through `rxjs.from`: it has the contract of both. What it shows is fetched, or followed, only
 * while somebody subscribes.
 *
 * @category models
 * @since 0.1.0
 */
export interface Observable<out A> {
  /** What is known now. Does not start anything. */
  readonly value: A
  /** What is shown before anything is known: always the same value, also on a server. */
  readonly initial: A
  /** Calls the listener at once, and then whenever the value is another. Returns how to stop. */
  readonly subscribe: (listener: (value: A) => void) => () => void
  /** For `rxjs.from`. */
  readonly [Symbol.observable]: () => Subscribable<A>
}

/**
 * What RxJS asks of an observable that is not its own.
 *
 * @category models
 * @since 0.1.0
 */
export interface Subscribable<out A> {
  readonly subscribe: (observer: { readonly next?: ((value: A) => void) | undefined }) => {
    readonly unsubscribe: () => void
  }
}

/**
 * An observable as an atom of `effect/reactivity`, to derive others from it.
 *
 * @category converting
 * @since 0.1.0
 */
export const toAtom = <A>(observable: Observable<A>): Atom.Atom<A> =>
  Atom.readable((get) => {
    get.addFinalizer(observable.subscribe((value) => get.setSelf(value)))
    return observable.value
  })
