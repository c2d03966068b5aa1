import { useSyncExternalStore } from "react"
import type { Observable } from "../../reactivity/Observable.ts"

/**
 * The value of an observable. On a server, and while hydrating, it is the initial one: what was rendered there fits.
 *
 * @internal
 */
export const useObservable = <A>(observable: Observable<A>): A =>
  useSyncExternalStore(observable.subscribe, () => observable.value, () => observable.initial)
