/** The notebook, by what is written on it. */
import type { Locator, Page } from "playwright-core"
import { assert } from "vitest"

export const button = (page: Page, name: string | RegExp) => page.getByRole("button", { name })

const bar = (page: Page) => page.getByRole("group", { name: "Undo and redo" })

export const undo = (page: Page, what: string | RegExp = "") => named(page, /^Undo/, what)

export const redo = (page: Page, what: string | RegExp = "") => named(page, /^Redo/, what)

const named = (page: Page, kind: RegExp, what: string | RegExp) =>
  bar(page).getByRole("button", { name: kind }).and(page.getByRole("button", { name: what }))

export const field = (page: Page, name: "Title" | "Text") => page.getByRole("textbox", { name, exact: true })

/** A note in the list. */
export const note = (page: Page, title: string | RegExp) =>
  page.getByRole("list").getByRole("button", { name: title }).first()

export const collection = (page: Page, name: string | RegExp) =>
  page.getByRole("navigation", { name: "Collections and tags" }).getByRole("button", { name })

export const saved = (page: Page) => page.getByText("Saved", { exact: true })

/** Waits until a field has this text. */
export const shows = async (field: Locator, value: string | RegExp): Promise<void> => {
  const until = Date.now() + 30_000
  for (;;) {
    const now = await field.inputValue()
    if (typeof value === "string" ? now === value : value.test(now)) return
    if (Date.now() > until) assert.strictEqual(now, value)
    await field.page().evaluate(() => new Promise(requestAnimationFrame))
  }
}
