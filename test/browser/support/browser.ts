/**
 * Tests in a real browser. One Chromium for a test file, a fresh profile for each page:
 *
 *     inBrowser("the timeline", ({ newPage }) => {
 *       it("shows what happens", async () => {
 *         const notebook = await serveNotebook()
 *         const page = await newPage({ viewport: phone, colorScheme: "dark" })
 *         await page.goto(notebook.url)
 *         await page.getByRole("button", { name: "New note" }).click()
 *         await screenshot(page, "timeline-new-note")
 *         await axe(page)
 *       })
 *     })
 *
 * A test fails by itself on an error in the console, an error nobody caught, a violation of the content security policy,
 * a dialog, and a request to another host; `allow` names those that the test is about. Everything is skipped where
 * there is no Chromium. One file: `npx vitest run --config vitest.browser.config.ts <file>`. Playwright waits by itself:
 * no sleeps. When a test fails, what its pages showed is in screenshots/failed/.
 */
import { type Browser, type BrowserContext, chromium as engine, type Page } from "playwright-core"
import { afterAll, afterEach, beforeAll, describe } from "vitest"
import { chromium } from "../../../scripts/shared/chromium.ts"
import { allow, problemsOf, watch } from "./problems.ts"
import { release } from "./resources.ts"
import { saveFailure } from "./screenshots.ts"

export { allow }
export { axe } from "./axe.ts"
export { call } from "./call.ts"
export { screenshot } from "./screenshots.ts"
export { npmStart, serveApp, serveNotebook, type Server } from "./serving.ts"

export const laptop = { width: 1280, height: 800 }
export const phone = { width: 360, height: 740 }

export interface PageOptions {
  /** `laptop`, unless it says otherwise. */
  readonly viewport?: { readonly width: number; readonly height: number }
  readonly colorScheme?: "light" | "dark"
  readonly reducedMotion?: "reduce" | "no-preference"
  /** A screen to be touched, as a phone has. */
  readonly touch?: boolean
  /** Another window of the same profile: what is stored in the browser is shared with this one. */
  readonly beside?: Page
}

export interface BrowserTools {
  readonly browser: () => Browser
  /** A page in a profile of its own; closed when the test has ended. */
  readonly newPage: (options?: PageOptions) => Promise<Page>
}

const flags = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-background-networking",
  "--no-first-run",
  "--disable-quic",
  "--disable-component-update",
  "--disable-sync",
  "--disable-dev-shm-usage",
  "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost, EXCLUDE [::1]"
]

/** Starts Chromium; later flags win over earlier ones. Tests have `inBrowser`, which also ends it. */
export const launch = (more: ReadonlyArray<string> = []): Promise<Browser> => {
  if (chromium === undefined) throw new Error("there is no Chromium; set OPBUS_CHROMIUM")
  return engine.launch({ executablePath: chromium, args: [...flags, ...more], handleSIGINT: false })
}

/** Waiting longer than this for something to show is a failure. */
const patience = 30_000

/** A `describe` in a browser of its own. */
export const inBrowser = (name: string, tests: (tools: BrowserTools) => void): unknown =>
  describe.skipIf(chromium === undefined)(name, () => {
    let browser: Browser | undefined
    const contexts: Array<BrowserContext> = []

    beforeAll(async () => {
      browser = await launch()
    })

    afterEach(async ({ task }) => {
      const ended = contexts.splice(0)
      const pages = ended.flatMap((context) => context.pages())
      const problems = ended.flatMap(problemsOf)
      if (task.result?.state === "fail" || problems.length > 0) await saveFailure(task.name, pages, problems)
      await Promise.all(ended.map((context) => context.close()))
      if (problems.length > 0) throw new Error(`the pages had problems:\n${problems.join("\n")}`)
    })

    afterAll(async () => {
      await browser?.close()
      await release()
    })

    tests({
      browser: () => browser!,
      newPage: async ({ beside, colorScheme = "light", reducedMotion, touch = false, viewport = laptop } = {}) => {
        if (beside !== undefined) return beside.context().newPage()
        const context = await browser!.newContext({
          viewport,
          colorScheme,
          ...(reducedMotion === undefined ? undefined : { reducedMotion }),
          ...(touch ? { hasTouch: true, isMobile: true } : undefined),
          acceptDownloads: true,
          locale: "en-GB",
          timezoneId: "Europe/Berlin"
        })
        contexts.push(context)
        context.setDefaultTimeout(patience)
        await watch(context)
        return context.newPage()
      }
    })
  })
