import * as Context from "effect/Context"
import type { BusClient } from "../BusClient.ts"

/**
 * By its key: hooks take the client from a context, and do not bring along what its layer is made of.
 *
 * @internal
 */
export const BusClientKey = Context.Service<BusClient, (typeof BusClient)["Service"]>("opbus/reactivity/BusClient")
