/**
 * Gives a bus to the components below.
 *
 * @since 0.1.0
 */
import type * as Layer from "effect/Layer"
import type * as ManagedRuntime from "effect/ManagedRuntime"
import { createContext, createElement, type ReactElement, type ReactNode, useContext, useEffect, useState } from "react"
import * as Bus from "../reactivity/Bus.ts"
import { useObservable } from "./internal/useObservable.ts"

/**
 * Where the bus comes from: exactly one of three.
 *
 * @category models
 * @since 0.1.0
 */
export type OpbusProviderProps = {
  readonly children?: ReactNode
  /** Shown instead of the children until the layer is there. Without it they are shown at once, and know nothing yet. */
  readonly fallback?: ReactNode
} & Source

type Source =
  /** Built once for each time this is mounted, and closed when it is unmounted. Give it a `key` to build another. */
  | { readonly layer: Layer.Layer<any, unknown>; readonly runtime?: never; readonly bus?: never }
  | { readonly runtime: ManagedRuntime.ManagedRuntime<any, unknown>; readonly layer?: never; readonly bus?: never }
  | { readonly bus: Bus.Bus<any>; readonly layer?: never; readonly runtime?: never }

const BusContext = createContext<Bus.Bus<any> | undefined>(undefined)

const busOf = ({ bus, layer, runtime }: OpbusProviderProps): Bus.Bus<any> =>
  bus ?? Bus.make((runtime ?? layer) as Layer.Layer<any>)

/**
 * Gives a bus to the components below.
 *
 * **When to use**
 *
 * Use once around an application, with the layer of its services: `<OpbusProvider layer={AppLayer}>`. With a `bus` of your
 * own, code outside React can use it too.
 *
 * **Details**
 *
 * Rendering starts nothing; the layer is built when the first component is mounted, and never on a server. When it
 * cannot be built, the nearest error boundary gets the error. A bus or a runtime that is passed in is not closed.
 *
 * @category components
 * @since 0.1.0
 */
export const OpbusProvider = (props: OpbusProviderProps): ReactElement => {
  const given = props.bus ?? props.runtime
  const [made, remake] = useState(() => ({ bus: busOf(props), given }))
  if (made.given !== given) remake({ bus: busOf(props), given })
  const { bus } = made
  useEffect(() => {
    if (props.bus !== undefined) return bus.start()
    // It was closed when this was hidden, and is shown again.
    if (bus.state.value._tag === "disposed") return remake({ bus: busOf(props), given })
    bus.start()
    return retain(bus)
    // Only of the bus: other props are looked at when it is made anew.
  }, [bus])
  const state = useObservable(bus.state)
  if (state._tag === "failed") throw state.error
  const waiting = props.fallback !== undefined && state._tag !== "ready"
  return createElement(BusContext, { value: bus }, waiting ? props.fallback : props.children)
}

const retained = new WeakMap<Bus.Bus<any>, number>()

/**
 * Closes a bus that is no longer mounted, but not at once: StrictMode unmounts and mounts again in the same turn.
 */
const retain = (bus: Bus.Bus<any>) => {
  retained.set(bus, (retained.get(bus) ?? 0) + 1)
  return () => {
    retained.set(bus, retained.get(bus)! - 1)
    setTimeout(() => {
      if (retained.get(bus) === 0) void bus.dispose()
    })
  }
}

/**
 * The bus of the nearest `OpbusProvider`.
 *
 * @category hooks
 * @since 0.1.0
 */
export const useBus = (): Bus.Bus<any> => {
  const bus = useContext(BusContext)
  if (bus === undefined) throw new Error("There is no bus here. Put the component below an <OpbusProvider>.")
  return bus
}
