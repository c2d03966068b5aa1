import * as Effect from "effect/Effect"
import type { IncomingMessage, ServerResponse } from "node:http"
import { fileURLToPath } from "node:url"
import type { Devtools } from "../../../devtools/Devtools.ts"
import { formatOf } from "../../../remote/internal/exchange.ts"
import { admit, type GateOptions } from "../../../remote/internal/gate.ts"
import { makeNdjson } from "../../../remote/internal/ndjson.ts"
import { internalsOf, type OperationServer } from "../../../remote/OperationServer.ts"
import * as PageBundle from "../../PageBundle.ts"
import * as StaticSite from "../../StaticSite.ts"
import { serve } from "./files.ts"
import { headersOf } from "./requests.ts"
import { answerSite, pathnameOf, say } from "./sites.ts"
import type { SocketRoute } from "./sockets.ts"

/** Nobody but this machine, whatever the application's authorizer says. */
const gate: GateOptions = { authorized: false, localOnly: true }

/**
 * The addresses of the devtools.
 *
 * @internal
 */
export interface DevtoolsRoutes {
  readonly path: string
  readonly sockets: ReadonlyMap<string, SocketRoute>
  /** `false`: the address is another one. */
  readonly answer: (request: IncomingMessage, response: ServerResponse) => boolean
}

/**
 * Serves the devtools below a path: the page, its files, and the connections of the application and the tools.
 *
 * Invariant: nothing of it answers another machine, another host name, a forwarded request or a page of another origin.
 *
 * @internal
 */
export const devtoolsRoutes = (devtools: Devtools["Service"], path: string): DevtoolsRoutes => {
  const base = StaticSite.make([], { path }).path
  const page = pageAt(base)
  return {
    path: base,
    sockets: new Map([[`${base}/app`, routeTo(devtools.app)], [`${base}/tools`, routeTo(devtools.tools)]]),
    answer: (request, response) => {
      const pathname = pathnameOf(request)
      if (pathname !== base && !pathname.startsWith(`${base}/`)) return false
      const head = request.method === "HEAD"
      const admission = admit(gate, headersOf(request), request.socket.remoteAddress, "upgrade")
      if (admission.status !== 200) {
        say(plainSite, response, 403, `The devtools are not shown: ${admission.why}.`, {}, head)
        return true
      }
      page().then(
        (site) => answerSite(site, pathname, request, response),
        (error: Error) =>
          say(plainSite, response, 500, `The page of the devtools is not there: ${error.message}.`, {}, head)
      )
      return true
    }
  }
}

const routeTo = (operations: OperationServer["Service"]): SocketRoute => {
  const { server } = internalsOf(operations)
  return { server, gate, format: formatOf(makeNdjson(server.options.limits.frameSize)) }
}

const plainSite = StaticSite.make([])

/** Read, or bundled where it runs from sources, when somebody first asks. */
const pageAt = (base: string): () => Promise<StaticSite.StaticSite> => {
  let page: Promise<StaticSite.StaticSite> | undefined
  return () =>
    page ??= Effect.runPromise(load).then((site) => movedTo(site, base), (error) => {
      page = undefined
      throw error
    })
}

/** Its page names its files by absolute paths, because its own address may end with or without a slash. */
const movedTo = (site: StaticSite.StaticSite, path: string): StaticSite.StaticSite => {
  const index = site.files.get("index.html")
  if (path === site.path || index === undefined) return { ...site, path }
  const html = Buffer.from(index.contents).toString().replaceAll(`="${site.path}/assets/`, `="${path}/assets/`)
  return { ...site, path, files: new Map(site.files).set("index.html", serve({ name: "index.html", contents: html })) }
}

const fromSource = import.meta.url.endsWith(".ts")
const file = (name: string) => fileURLToPath(new URL(name, import.meta.url))

/** Where its page was bundled for. */
const usual = "/_opbus"

const load: Effect.Effect<StaticSite.StaticSite, PageBundle.PageBundleError | StaticSite.StaticSiteError> = fromSource
  ? PageBundle.make({
    title: "opbus devtools",
    entry: file("../../../devtools/page/main.tsx"),
    path: usual,
    cache: file("../../../../node_modules/.cache/opbus")
  })
  : StaticSite.fromDirectory(file("../../../devtools/page"), { path: usual })
