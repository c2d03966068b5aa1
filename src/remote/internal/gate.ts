import type * as wire from "./wire.ts"

/**
 * Which web pages and host names may reach a server.
 *
 * @internal
 */
export interface GateOptions {
  /** Names, with or without a port, by which clients reach the server. Default: this machine's own, unless there is an authorizer. */
  readonly hosts?: ReadonlyArray<string> | undefined
  /** Origins of web pages that may call, besides the server's own. */
  readonly origins?: ReadonlyArray<string> | undefined
  readonly authorized: boolean
  /** Nobody but this machine, whoever would be allowed otherwise. */
  readonly localOnly?: boolean | undefined
}

/**
 * What comes of the door check: the call may go on, or why not.
 *
 * @internal
 */
export type Admission =
  | { readonly status: 200; readonly local: boolean }
  | { readonly status: 403 | 415; readonly why: string }

/**
 * Looks at a request before anything of it is read.
 *
 * Invariants: no web page that a user of this machine visits can call, because its origin or, after a DNS rebinding, its
 * host is foreign, and a page cannot send the content types without being asked first; what came through a proxy is not
 * local.
 *
 * @internal
 */
export const admit = (
  options: GateOptions,
  headers: wire.Headers,
  peerAddress: string | undefined,
  contentType: string | undefined | "upgrade"
): Admission => {
  const host = headers.get("host") ?? ""
  const localHost = isLoopbackName(withoutPort(host))
  const listed = options.hosts?.some((name) => name === host || name === withoutPort(host))
  if (listed !== true && !localHost && (options.hosts !== undefined || !options.authorized)) {
    return { status: 403, why: `the host "${host.slice(0, 100)}" is not one of this server's names` }
  }
  const origin = headers.get("origin")
  if (
    origin !== undefined && origin !== `http://${host}` && origin !== `https://${host}` &&
    options.origins?.includes(origin) !== true
  ) {
    return { status: 403, why: `pages of "${origin.slice(0, 100)}" may not call this server` }
  }
  if (contentType !== "upgrade" && !accepted.has(contentType?.split(";")[0]!.trim().toLowerCase() ?? "")) {
    return { status: 415, why: `the content type must be ${Array.from(accepted).join(", ")}` }
  }
  const forwarded = headers.has("forwarded") || headers.has("x-forwarded-for") || headers.has("x-real-ip")
  const local = localHost && !forwarded && peerAddress !== undefined && isLoopbackAddress(peerAddress)
  if (options.localOnly === true && !local) return { status: 403, why: "only its own machine may use it" }
  return { status: 200, local }
}

/** None of them is one that a page can send to another origin without a preflight request. */
const accepted: ReadonlySet<string> = new Set([
  "application/json",
  "application/x-ndjson",
  "application/vnd.effect.rpc+schema-binary"
])

const withoutPort = (host: string): string => host.replace(/:\d+$/, "")

const isLoopbackName = (name: string): boolean =>
  name === "localhost" || name === "[::1]" || /^127\.\d+\.\d+\.\d+$/.test(name)

const isLoopbackAddress = (address: string): boolean =>
  address === "::1" || /^(::ffff:)?127\.\d+\.\d+\.\d+$/.test(address)
