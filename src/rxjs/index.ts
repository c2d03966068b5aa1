/**
 * opbus for code that is written with RxJS. The only part that imports `rxjs`, an optional peer.
 *
 * @since 0.1.0
 */
export {
  fromObservable,
  type FromObservableOptions,
  invocations$,
  ObservableOverflow,
  type Overflow,
  toObservable,
  type ToObservableOptions
} from "./ObservableInterop.ts"
