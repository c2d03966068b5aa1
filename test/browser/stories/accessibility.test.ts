/** Every screen of both pages, as people who see, hear or touch it differently meet it. */
import type { Page } from "playwright-core"
import { assert, beforeAll, it } from "vitest"
import { startApp } from "../devtools/support/app.ts"
import { axe, call, inBrowser, laptop, phone, screenshot, serveNotebook, type Server } from "../support/browser.ts"
import { tabThrough } from "../support/keyboard.ts"
import { holds } from "../support/layout.ts"
import { atEnd } from "../support/resources.ts"
import { button, field, note, saved, shows } from "./notebook.ts"

/** What depends on the colours only. */
const contrast = { runOnly: ["color-contrast"] }

const sizes = [["laptop", laptop, "light"], ["phone", phone, "dark"]] as const

/** Goes through a screen by Tab, on a laptop and on a phone. */
const reach = async (page: Page, looks?: (size: string, whole: string) => Promise<void>): Promise<void> => {
  for (const [size, viewport, whole] of sizes) {
    await page.setViewportSize(viewport)
    await looks?.(size, whole)
    await holds(page)
    await tabThrough(page)
  }
  await page.setViewportSize(laptop)
}

/** Looks at a screen in light and dark as well. */
const look = (page: Page, name: string): Promise<void> =>
  reach(page, async (size, whole) => {
    for (const colorScheme of ["dark", "light"] as const) {
      await page.emulateMedia({ colorScheme })
      await screenshot(page, `${name}-${size}-${colorScheme}`)
      await axe(page, colorScheme === whole ? {} : contrast)
    }
  })

/** What axe finds on its screens is in test/browser/notebook/screens.test.ts. */
inBrowser("accessibility of the notebook", ({ newPage }) => {
  let server: Server
  beforeAll(async () => {
    server = await serveNotebook()
  })

  it("holds for an empty one, and for one with notes in every layout", async () => {
    const page = await newPage({ reducedMotion: "reduce" })
    await page.goto(server.url)
    // What is there while it is read is another screen, and goes away under the hands.
    await page.getByRole("heading", { name: "An empty notebook" }).waitFor()
    await reach(page)

    await button(page, "New note").click()
    await field(page, "Title").fill("Apple pie")
    await page.getByLabel("Add a tag").fill("dessert")
    await page.keyboard.press("Enter")
    await saved(page).waitFor()
    const { id } = await call(server, "collection.create", { name: "Recipes" })
    for (const title of ["Bread", "Cider", "Dates"]) {
      await call(server, "note.create", { title, body: `${title}.`, tags: ["food"], collection: id })
    }
    await note(page, "Dates").click()
    await shows(field(page, "Text"), "Dates.")
    for (const layout of ["List", "Deck", "Solo"]) {
      await page.getByRole("button", { name: layout, exact: true }).click()
      await reach(page)
    }
  })

  it("holds for what opens above it", async () => {
    const page = await newPage({ reducedMotion: "reduce" })
    await page.goto(server.url)
    await button(page, "History").click()
    await page.getByRole("heading", { name: "History" }).waitFor()
    await reach(page)
    await button(page, "Close the history").click()
    await button(page, "Import a folder").click()
    await page.getByRole("dialog", { name: "Import a folder" }).waitFor()
    await reach(page)
    await page.keyboard.press("Escape")
    await page.getByRole("dialog").waitFor({ state: "detached" })
    await button(page, "New note").click()
    await saved(page).waitFor()
    await button(page, "Delete note").click()
    await page.getByRole("region", { name: "Messages" }).getByText(/^Deleted/).waitFor()
    await reach(page)
  })

  it("has the roles and the names that people look for", async () => {
    const page = await newPage({ reducedMotion: "reduce" })
    await call(server, "note.create", { title: "There is one" })
    await page.goto(server.url)
    for (const role of ["banner", "main", "search"] as const) await page.getByRole(role).waitFor()
    assert.strictEqual(await page.getByRole("heading", { level: 1 }).count(), 1)
    await page.getByRole("navigation", { name: "Collections and tags" }).waitFor()
    await page.getByRole("group", { name: "Layout" }).getByRole("button", { pressed: true }).waitFor()
    await page.getByRole("searchbox", { name: "Search notes" }).waitFor()
    await page.getByRole("link", { name: "Devtools" }).waitFor()
    assert.strictEqual(await page.locator("html").getAttribute("lang"), "en")
    assert.match(await page.title(), /Notebook/)
  })
})

inBrowser("accessibility of the devtools", ({ newPage }) => {
  let notebook: Server
  beforeAll(async () => {
    notebook = await serveNotebook()
    const { id } = await call(notebook, "note.create", { title: "Apple pie" }, "ann")
    await call(notebook, "note.rename", { id, title: "Pear pie" }, "ann")
    await call(notebook, "note.rename", { id: "nobody", title: "Pear pie" }, "bob").catch(() => undefined)
  })

  it("holds for every panel", async () => {
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

  it("holds for services", async () => {
    const page = await newPage({ reducedMotion: "reduce" })
    const app = await startApp()
    atEnd(app.close)
    await page.goto(`${app.url}#/services`)
    await page.getByText("cache").first().waitFor()
    await look(page, "devtools/services")
  })

  it("has the roles and the names that people look for", async () => {
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
