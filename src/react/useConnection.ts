/**
 * The way to the server, in a component.
 *
 * @since 0.1.0
 */
import type { ConnectionState } from "../reactivity/BusClient.ts"
import { useObservable } from "./internal/useObservable.ts"
import { useBus } from "./OpbusProvider.ts"

/**
 * Renders whether the server can be reached; without a server it is always connected.
 *
 * @category hooks
 * @since 0.1.0
 */
export const useConnection = (): ConnectionState => useObservable(useBus().connection)
