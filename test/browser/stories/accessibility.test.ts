/** Every screen, as people who see, hear or touch it differently meet it. */
import type { Page } from "playwright-core"
import { assert, beforeAll, it } from "vitest"
import { startApp } from "../devtools/support/app.ts"
import { axe, call, inBrowser, laptop, phone, screenshot, serveNotebook, type Server } from "../support/browser.ts"
import { tabThrough } from "../support/keyboard.ts"
import { holds } from "../support/layout.ts"
import { atEnd } from "../support/resources.ts"

/** What depends on the colours only. */
const contrast = { runOnly: ["color-contrast"] }

const sizes = [["laptop", laptop, "light"], ["phone", phone, "dark"]] as const

/** Looks at a screen and goes through it by Tab: on a laptop and on a phone, in light and dark. */
const look = async (page: Page, name: string): Promise<void> => {
  for (const [size, viewport, whole] of sizes) {
    await page.setViewportSize(viewport)
    for (const colorScheme of ["dark", "light"] as const) {
      await page.emulateMedia({ colorScheme })
      await screenshot(page, `${name}-${size}-${colorScheme}`)
      await axe(page, colorScheme === whole ? {} : contrast)
    }
    await holds(page)
    await tabThrough(page)
  }
  await page.setViewportSize(laptop)
}

inBrowser("accessibility", ({ newPage }) => {
  let notebook: Server
  beforeAll(async () => {
    notebook = await serveNotebook()
    const { id } = await call(notebook, "note.create", { title: "Apple pie" }, "ann")
    await call(notebook, "note.rename", { id, title: "Pear pie" }, "ann")
    await call(notebook, "note.rename", { id: "nobody", title: "Pear pie" }, "bob").catch(() => undefined)
  })

  // Its screens are looked at and gone through by Tab in test/browser/notebook/screens.test.ts.
  it("of the notebook: it has the roles and the names that people look for", async () => {
    const page = await newPage({ reducedMotion: "reduce" })
    await page.goto(notebook.url)
    for (const role of ["banner", "main", "search"] as const) await page.getByRole(role).waitFor()
    assert.strictEqual(await page.getByRole("heading", { level: 1 }).count(), 1)
    await page.getByRole("navigation", { name: "Collections and tags" }).waitFor()
    await page.getByRole("group", { name: "Layout" }).getByRole("button", { pressed: true }).waitFor()
    await page.getByRole("searchbox", { name: "Search notes" }).waitFor()
    await page.getByRole("link", { name: "Devtools" }).waitFor()
    assert.strictEqual(await page.locator("html").getAttribute("lang"), "en")
    assert.match(await page.title(), /Notebook/)
  })

  it("of the devtools holds for every panel", async () => {
    const page = await newPage({ reducedMotion: "reduce" })
    const show = async (route: string, ready: ReturnType<Page["getByText"]>, name: string) => {
      await page.goto(`${notebook.devtools}#/${route}`)
      await ready.first().waitFor()
      await look(page, `devtools/${name}`)
    }
    await show("timeline", page.getByRole("row").filter({ hasText: "note.rename" }), "timeline")
    await page.getByRole("row").filter({ hasText: "failed" }).first().click()
    await page.getByRole("region", { name: "note.rename" }).waitFor()
    await look(page, "devtools/timeline-details")
    await show("operations", page.getByText("note.create", { exact: true }), "operations")
    await show("operations/note.create", page.getByRole("button", { name: /^Invoke/ }), "operation")
    await show("history", page.getByRole("list", { name: "Entries, newest first" }), "history")
    await show("remote", page.getByRole("heading", { level: 2 }), "remote")
  })

  it("of the devtools holds for services", async () => {
    const page = await newPage({ reducedMotion: "reduce" })
    const app = await startApp()
    atEnd(app.close)
    await page.goto(`${app.url}#/services`)
    await page.getByText("cache").first().waitFor()
    await look(page, "devtools/services")
  })

  it("of the devtools: they have the roles and the names that people look for", async () => {
    const page = await newPage({ reducedMotion: "reduce" })
    await page.goto(notebook.devtools)
    for (const role of ["banner", "main"] as const) await page.getByRole(role).waitFor()
    assert.strictEqual(await page.getByRole("heading", { level: 1 }).count(), 1)
    const panels = page.getByRole("navigation", { name: "Panels" })
    assert.deepStrictEqual(await panels.getByRole("link").allInnerTexts(), [
      "Timeline",
      "Operations",
      "History",
      "Remote",
      "Services"
    ])
    assert.strictEqual(await panels.getByRole("link", { name: "Timeline" }).getAttribute("aria-current"), "page")
    const line = page.getByRole("treegrid", { name: "Invocations" }).getByRole("row").filter({ hasText: "note.create" })
    assert.strictEqual(await line.first().getAttribute("aria-level"), "1")
    await page.getByRole("searchbox", { name: "Search invocations" }).waitFor()
  })
})
