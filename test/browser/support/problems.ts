import type { BrowserContext, Page } from "playwright-core"

interface Seen {
  readonly problems: Array<string>
  readonly allowed: Array<RegExp>
}

const seen = new WeakMap<BrowserContext, Seen>()

const local = new Set(["127.0.0.1", "localhost", "[::1]"])
const inPage = new Set(["data:", "blob:", "about:"])

const isLocal = (address: string): boolean => {
  const { hostname, protocol } = new URL(address)
  return local.has(hostname) || inPage.has(protocol)
}

/** Collects what no page of ours does, in every window of the context. */
export const watch = async (context: BrowserContext): Promise<void> => {
  const problems: Array<string> = []
  seen.set(context, { problems, allowed: [] })
  context.on("console", (message) => {
    if (message.type() !== "error") return
    const { lineNumber, url } = message.location()
    problems.push(`console: ${message.text()} (${url}:${lineNumber})`)
  })
  context.on("weberror", (error) => {
    const cause = error.error()
    problems.push(`error: ${cause.stack ?? cause.message}`)
  })
  context.on("request", (request) => {
    if (!isLocal(request.url())) problems.push(`request to another host: ${request.url()}`)
  })
  context.on("page", (page) => {
    page.on("websocket", (socket) => {
      if (!isLocal(socket.url())) problems.push(`socket to another host: ${socket.url()}`)
    })
    page.on("dialog", (dialog) => {
      problems.push(`dialog: ${dialog.type()} ${dialog.message()}`)
      void dialog.dismiss().catch(() => undefined)
    })
    page.on("crash", () => problems.push(`crashed: ${page.url()}`))
  })
  await context.addInitScript(() => {
    document.addEventListener("securitypolicyviolation", (event) => {
      console.error(`policy: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`)
    })
  })
}

/** Problems whose text matches are what this test is about: a server that is away, say. Also those seen already. */
export const allow = (page: Page, ...patterns: ReadonlyArray<RegExp>): void =>
  void seen.get(page.context())?.allowed.push(...patterns)

/** What the pages of a context did that they should not have done. */
export const problemsOf = (context: BrowserContext): ReadonlyArray<string> => {
  const { allowed, problems } = seen.get(context) ?? { allowed: [], problems: [] }
  return problems.filter((problem) => !allowed.some((pattern) => pattern.test(problem)))
}
