/**
 * How invocations of one operation may overlap.
 *
 * @since 0.1.0
 */

/**
 * The concurrency policy of an operation.
 *
 * **Details**
 *
 * - `"unbounded"`: invocations overlap freely.
 * - `"serial"`: one at a time, in the order of arrival.
 * - `"switchLatest"`: a new invocation interrupts the one that runs, which fails with `Superseded`.
 * - `"drop"`: while one runs, others fail with `Dropped`.
 * - `serialBy`: one at a time for every value of the function; with `lane`, operations that name the same lane share it.
 * - `singleFlightBy`: invocations with the same value (and actor) share one run of the handler.
 *
 * An invocation made by the holder of a lane, however deep, enters the lane at once: it cannot wait for itself.
 *
 * @category models
 * @since 0.1.0
 */
export type Concurrency<Input> =
  | "unbounded"
  | "serial"
  | "switchLatest"
  | "drop"
  | { readonly serialBy: (input: Input) => string; readonly lane?: string }
  | { readonly singleFlightBy: (input: Input) => string }
