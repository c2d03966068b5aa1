import type { Page } from "playwright-core"
import { assert } from "vitest"

/** What is on the page, by what it is called there. */
export const desk = (page: Page) => {
  const bar = page.getByRole("group", { name: "Undo and redo" })
  const title = page.getByRole("textbox", { name: "Title" })
  const text = page.getByRole("textbox", { name: "Text" })
  const saved = page.getByText("Saved", { exact: true })
  const sidebar = page.getByRole("navigation", { name: "Collections and tags" })
  return {
    bar,
    title,
    text,
    saved,
    undo: bar.getByRole("button", { name: /^Undo/ }),
    redo: bar.getByRole("button", { name: /^Redo/ }),
    note: (name: string) => page.locator(".note").filter({ hasText: name }),
    collection: (name: string) => sidebar.getByRole("button", { name }),
    message: (text: string | RegExp) => page.getByRole("region", { name: "Messages" }).getByText(text),

    newNote: async (name: string, body = ""): Promise<void> => {
      await page.getByRole("button", { name: "New note" }).click()
      await page.waitForFunction(() => document.activeElement?.id.startsWith("title-"))
      await page.keyboard.type(name)
      if (body !== "") {
        await text.click()
        await page.keyboard.type(body)
      }
      await text.blur()
      await saved.waitFor()
    },

    newCollection: async (name: string): Promise<void> => {
      await page.getByRole("button", { name: "New collection" }).click()
      await page.getByLabel("Name of the collection").fill(name)
      await page.keyboard.press("Enter")
      await sidebar.getByRole("button", { name }).waitFor()
    },

    /** Waits until the text is this. */
    reads: async (expected: string): Promise<void> => {
      await page.waitForFunction(
        (expected) => document.querySelector("textarea")?.value === expected,
        expected
      ).catch(async () => assert.strictEqual(await text.inputValue(), expected))
    }
  }
}
