import type { IncomingMessage, ServerResponse } from "node:http"
import { admit, type GateOptions } from "../../../remote/internal/gate.ts"
import type { StaticSite } from "../../StaticSite.ts"
import type { Served } from "./files.ts"
import { headersOf, plain } from "./requests.ts"

/** Longer addresses belong to no file. */
const maxLength = 4_096

/** @internal */
export const pathnameOf = ({ url = "/" }: IncomingMessage): string => url.split("?", 1)[0]!

/**
 * Answers a request for a file of the site that the address belongs to. `false`: there is no such site.
 *
 * @internal
 */
export const answerSites = (
  sites: ReadonlyArray<StaticSite>,
  gate: GateOptions,
  request: IncomingMessage,
  response: ServerResponse
): boolean => {
  const pathname = pathnameOf(request)
  const site = siteOf(sites, pathname)
  if (site === undefined) return false
  const admission = admit(gate, headersOf(request), request.socket.remoteAddress, "upgrade")
  if (admission.status === 200) answerSite(site, pathname, request, response)
  else plain(response, admission.status, `This request is not accepted: ${admission.why}.`)
  return true
}

/** The site with the longest path. */
const siteOf = (sites: ReadonlyArray<StaticSite>, pathname: string): StaticSite | undefined => {
  let found: StaticSite | undefined
  for (const site of sites) {
    const belongs = pathname === site.path || pathname.startsWith(`${site.path}/`)
    if (belongs && (found === undefined || site.path.length > found.path.length)) found = site
  }
  return found
}

/**
 * Answers a request for a file of a site.
 *
 * Invariant: what is sent is a file of the site's map, found by its whole name. An address is never made into a path of
 * the file system, so that there is nothing to climb out of.
 *
 * @internal
 */
export const answerSite = (
  site: StaticSite,
  pathname: string,
  request: IncomingMessage,
  response: ServerResponse
): void => {
  const head = request.method === "HEAD"
  if (request.method !== "GET" && !head) return say(site, response, 405, "Use GET.", { allow: "GET, HEAD" }, head)
  const file = fileOf(site, pathname)
  if (file === undefined) return say(site, response, 404, "Not found.", {}, head)
  const gzipped = accepts(request.headers["accept-encoding"]) ? file.gzipped() : undefined
  const etag = `"${file.etag}${gzipped === undefined ? "" : "-gzip"}"`
  const headers: Record<string, string | number> = {
    ...site.headers,
    "cache-control": file.immutable ? "public, max-age=31536000, immutable" : "no-cache",
    etag,
    vary: "accept-encoding"
  }
  if (matches(request.headers["if-none-match"], etag)) {
    response.writeHead(304, headers)
    return void response.end()
  }
  const body = gzipped ?? file.contents
  response.writeHead(200, {
    ...headers,
    "content-type": file.type,
    "content-length": body.length,
    ...(gzipped === undefined ? {} : { "content-encoding": "gzip" })
  })
  response.end(head ? undefined : body)
}

const fileOf = (site: StaticSite, pathname: string): Served | undefined => {
  if (pathname.length > maxLength) return undefined
  let name: string
  try {
    name = decodeURIComponent(pathname.slice(site.path.length + 1))
  } catch {
    return undefined
  }
  const index = site.files.get("index.html")
  if (name === "") return index
  const file = site.files.get(name) ?? (name.endsWith("/") ? site.files.get(`${name}index.html`) : undefined)
  if (file !== undefined) return file
  return site.spa && !name.slice(name.lastIndexOf("/") + 1).includes(".") ? index : undefined
}

const accepts = (encodings: string | string[] | undefined): boolean =>
  /(?:^|[,\s])(?:gzip|\*)\s*(?:;\s*q=(?:0\.0*[1-9]|1|0?\.[1-9])[\d.]*)?\s*(?:,|$)/i.test(String(encodings ?? ""))

const matches = (condition: string | undefined, etag: string): boolean =>
  condition !== undefined &&
  (condition === "*" || condition.split(",").some((tag) => tag.trim().replace(/^W\//, "") === etag))

/** @internal */
export const say = (
  site: Pick<StaticSite, "headers">,
  response: ServerResponse,
  status: number,
  message: string,
  headers: Readonly<Record<string, string>>,
  head: boolean
): void => {
  const body = `${message}\n`
  response.writeHead(status, {
    ...site.headers,
    ...headers,
    "cache-control": "no-store",
    "content-type": "text/plain; charset=utf-8",
    "content-length": Buffer.byteLength(body)
  })
  response.end(head ? undefined : body)
}
