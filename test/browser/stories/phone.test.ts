/** Both pages in a hand: taps only, at 360x740. That notes are dragged by a finger is in test/browser/notebook/dragging.test.ts. */
import type { Locator, Page } from "playwright-core"
import { assert, it } from "vitest"
import { inBrowser, phone, screenshot, serveNotebook } from "../support/browser.ts"
import { holds } from "../support/layout.ts"
import { button, field, redo, saved, shows, undo } from "./notebook.ts"

/** A finger is no mouse: what it is to hit has to be large enough (WCAG 2.5.8), or stand alone. */
const isTappable = async (page: Page): Promise<void> => {
  const small = await page.evaluate(() =>
    [...document.querySelectorAll<HTMLElement>("button, select, input, a[href]")].flatMap((element) => {
      const { height, width } = element.getBoundingClientRect()
      const inText = element instanceof HTMLAnchorElement && getComputedStyle(element).display === "inline"
      const seen = element.checkVisibility({ visibilityProperty: true }) && width > 1 && height > 1
      return seen && !inText && (height < 24 || width < 24) ? [element.outerHTML.slice(0, 160)] : []
    })
  )
  assert.deepStrictEqual(small, [], `too small for a finger at ${page.url()}`)
}

const tap = (control: Locator) => control.tap()

inBrowser("on a phone", ({ newPage }) => {
  it("a note is written, tagged, found, taken back and seen in the devtools", async () => {
    const { devtools, url } = await serveNotebook()
    const page = await newPage({ viewport: phone, touch: true })
    await page.goto(url)
    await isTappable(page)
    await tap(button(page, "New note"))
    await field(page, "Title").fill("Rhubarb cake")
    await tap(field(page, "Text"))
    await page.keyboard.insertText("Three stalks of rhubarb.")
    await tap(page.getByLabel("Add a tag"))
    await page.keyboard.type("dessert")
    await page.keyboard.press("Enter")
    await button(page, "Remove the tag \"dessert\"").waitFor()
    await saved(page).waitFor()
    await holds(page)
    await isTappable(page)
    await screenshot(page, "phone/1-note")

    await tap(undo(page, "Tag +dessert"))
    await button(page, "Remove the tag \"dessert\"").waitFor({ state: "detached" })
    await tap(undo(page, /Write/))
    await shows(field(page, "Text"), "")
    await tap(redo(page, /Write/))
    await shows(field(page, "Text"), "Three stalks of rhubarb.")

    await tap(button(page, "All notes").first())
    await page.getByRole("list").getByRole("button", { name: /^Rhubarb cake/ }).waitFor()
    await tap(page.getByRole("searchbox", { name: "Search notes" }))
    await page.keyboard.type("stalks")
    await page.getByText("1 note with \"stalks\"").waitFor()
    await holds(page)
    await screenshot(page, "phone/2-found")
    await tap(button(page, "History"))
    await page.getByRole("button", { name: "Undo to here" }).first().waitFor()
    await holds(page)
    await isTappable(page)
    await screenshot(page, "phone/3-history")
    await tap(button(page, "Close the history"))

    const opened = page.context().waitForEvent("page")
    await tap(page.getByRole("link", { name: "Devtools" }))
    const tools = await opened
    assert.include([devtools, `${devtools}/`], tools.url().split("#")[0])
    await tools.getByLabel("Operation").selectOption("note.create")
    await tap(tools.getByRole("row").filter({ hasText: "note.create" }).first())
    const details = tools.getByRole("region", { name: "note.create" })
    await details.waitFor()
    await holds(tools)
    await isTappable(tools)
    await screenshot(tools, "phone/4-details")
    await tap(details.getByRole("button", { name: "Close the details" }))
    await tools.getByRole("treegrid", { name: "Invocations" }).waitFor()

    await tap(tools.getByRole("link", { name: "Operations" }))
    await tap(tools.getByRole("link", { name: /note\.find/ }).first())
    await tap(tools.getByRole("button", { name: "Invoke" }))
    await tools.getByText("Rhubarb cake").first().waitFor()
    await holds(tools)
    await isTappable(tools)
    await screenshot(tools, "phone/5-invoked")

    await tap(tools.getByRole("link", { name: "History" }))
    const entry = tools.getByRole("listitem").filter({ hasText: "Rename to \"Rhubarb cake\"" }).first()
    await tap(entry.getByRole("button", { name: /^Undo to here/ }))
    const dialog = tools.getByRole("dialog")
    await dialog.waitFor()
    await holds(tools)
    await screenshot(tools, "phone/6-undo-to-here")
    await tap(dialog.getByRole("button", { name: /^Undo \d/ }))
    await tools.getByText(/entries undone/).waitFor()
    await holds(tools)

    for (const panel of ["Remote", "Services", "Timeline"]) {
      await tap(tools.getByRole("link", { name: panel, exact: true }))
      await tools.getByRole("main", { name: panel }).waitFor()
      await holds(tools)
      await isTappable(tools)
    }
    await page.bringToFront()
    await tap(page.getByRole("searchbox", { name: "Search notes" }))
    await page.getByRole("searchbox", { name: "Search notes" }).fill("")
    await page.getByRole("list").getByRole("button", { name: /^Untitled note/ }).waitFor()
  })
})
