import type { RpcMessage } from "../../internal/effect/rpc.ts"
import { defectMessage } from "../../protocol/CauseMessage.ts"

/**
 * What crosses the wire are the messages of `effect/rpc`, so that its plain clients and servers understand it: the tag of
 * a request is the operation's key, the payload its encoded input, the exit its encoded output or failure. What the bus
 * says beyond that travels in the headers of a request.
 */

/** @internal */
export type FromClient = RpcMessage.FromClientEncoded

/** @internal */
export type FromServer = RpcMessage.FromServerEncoded

/** @internal */
export type EncodedExit = RpcMessage.ExitEncoded<unknown, unknown>

/**
 * The headers of a request that the bus reads.
 *
 * @internal
 */
export const header = {
  /** Milliseconds that the caller waits. */
  timeout: "opbus-timeout",
  idempotencyKey: "opbus-idempotency-key",
  /** The version of the caller's definition. */
  version: "opbus-version",
  /** `"1"`: progress is sent, and every chunk element is wrapped as `{ value }` or `{ progress }`. */
  progress: "opbus-progress",
  /** `"json"`: the payload and the answer are plain JSON data, whatever the serialisation. */
  payload: "opbus-payload",
  /** A secret that the client chose: its calls belong together, also over HTTP. */
  client: "opbus-client",
  /** On whose behalf; believed only where nobody else could call. */
  actor: "opbus-actor",
  /** `"client"`: the caller keeps the history of this call. */
  history: "opbus-history"
} as const

/**
 * Requests that are no operations. An operation's key cannot begin like this.
 *
 * @internal
 */
export const builtin = {
  invocations: "@opbus/invocations",
  undo: "@opbus/undo",
  redo: "@opbus/redo",
  undoTo: "@opbus/undoTo",
  history: "@opbus/history",
  changes: "@opbus/historyChanges",
  clear: "@opbus/clearHistory"
} as const

/** @internal */
export const encodedDefect = { name: "Error", message: defectMessage }

/** @internal */
export const defectExit: EncodedExit = { _tag: "Failure", cause: [{ _tag: "Die", defect: encodedDefect }] }

/** @internal */
export type Headers = ReadonlyMap<string, string>

/**
 * A message as it came from outside: nothing of it is believed.
 *
 * @internal
 */
export interface RawMessage {
  readonly _tag?: unknown
  readonly id?: unknown
  readonly tag?: unknown
  readonly payload?: unknown
  readonly headers?: unknown
  readonly requestId?: unknown
  readonly isNotification?: unknown
  readonly discard?: unknown
  readonly traceId?: unknown
  readonly spanId?: unknown
  readonly sampled?: unknown
}

/** @internal */
export const isRawMessage = (u: unknown): u is RawMessage => typeof u === "object" && u !== null && !Array.isArray(u)

/** @internal */
export const isRequestId = (u: unknown): u is string | number =>
  (typeof u === "string" && u.length <= 200) || (typeof u === "number" && Number.isFinite(u))

/**
 * Reads the headers of a request over those of its connection; `undefined` when they are no list of pairs of texts.
 *
 * @internal
 */
export const readHeaders = (raw: unknown, connection: Headers): Headers | undefined => {
  if (raw === undefined || (Array.isArray(raw) && raw.length === 0)) return connection
  if (!Array.isArray(raw) || raw.length > 100) return undefined
  const headers = new Map(connection)
  for (const pair of raw as ReadonlyArray<unknown>) {
    if (!Array.isArray(pair) || typeof pair[0] !== "string" || typeof pair[1] !== "string") return undefined
    headers.set(pair[0].toLowerCase(), pair[1])
  }
  return headers
}

/**
 * Whether JSON data is nested at most so deep. Invariant: it never recurses, because what comes from outside decides the
 * depth.
 *
 * @internal
 */
export const isShallow = (value: unknown, depth: number): boolean => {
  if (typeof value !== "object" || value === null) return true
  let level: Array<object> = [value]
  for (let at = 0; level.length > 0; at++) {
    if (at >= depth) return false
    const next: Array<object> = []
    for (const container of level) {
      if (Array.isArray(container)) {
        // By index: the keys of an array would be made into texts first.
        for (let i = 0; i < container.length; i++) addContainer(next, container[i])
      } else if (!ArrayBuffer.isView(container)) {
        for (const key in container) addContainer(next, (container as Record<string, unknown>)[key])
      }
    }
    level = next
  }
  return true
}

const addContainer = (containers: Array<object>, item: unknown): void => {
  if (typeof item === "object" && item !== null) containers.push(item)
}
