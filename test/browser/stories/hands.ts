import type { Locator, Page } from "playwright-core"
import { assert } from "vitest"

/** How a person works with a page: by what is written on it. */
export interface Hands {
  readonly page: Page
  /** Presses a button, follows a link. */
  readonly press: (control: Locator) => Promise<void>
  /** Replaces what is in a field. */
  readonly write: (field: Locator, text: string) => Promise<void>
  /** Writes into an empty field and presses Enter. */
  readonly enter: (field: Locator, text: string) => Promise<void>
  /** Takes a note to a collection. */
  readonly drag: (note: string, collection: string) => Promise<void>
}

const note = (page: Page, title: string) => page.getByRole("button", { name: title }).first()

const collections = (page: Page) => page.getByRole("navigation", { name: "Collections and tags" })

const middle = async (of: Locator): Promise<readonly [x: number, y: number]> => {
  const { height, width, x, y } = (await of.boundingBox())!
  return [x + width / 2, y + height / 2]
}

export const byMouse = (page: Page): Hands => ({
  page,
  press: (control) => control.click(),
  write: async (field, text) => {
    await field.click({ clickCount: 3 })
    await page.keyboard.type(text, { delay: 5 })
  },
  enter: async (field, text) => {
    await field.click()
    await page.keyboard.type(text, { delay: 5 })
    await page.keyboard.press("Enter")
  },
  drag: async (title, name) => {
    const target = collections(page).getByRole("button", { name })
    await target.waitFor()
    await page.mouse.move(...await middle(note(page, title)))
    await page.mouse.down()
    await page.mouse.move(...await middle(target), { steps: 12 })
    await page.mouse.up()
  }
})

const isFocused = (control: Locator): Promise<boolean> =>
  control.evaluateAll((nodes) => nodes.some((node) => node === document.activeElement))

/** Presses Tab until the control has the focus; a person gives up after so many. */
export const tabTo = async (page: Page, control: Locator, patience = 80): Promise<void> => {
  await control.first().waitFor()
  for (let presses = 0; presses <= patience; presses++) {
    if (await isFocused(control)) return
    await page.keyboard.press("Tab")
  }
  assert.fail(`${control} is not reached by pressing Tab ${patience} times`)
}

export const byKeyboard = (page: Page): Hands => ({
  page,
  press: async (control) => {
    await tabTo(page, control)
    await page.keyboard.press("Enter")
  },
  write: async (field, text) => {
    await tabTo(page, field)
    await page.keyboard.press("Control+A")
    await page.keyboard.type(text, { delay: 5 })
  },
  enter: async (field, text) => {
    await tabTo(page, field)
    await page.keyboard.type(text, { delay: 5 })
    await page.keyboard.press("Enter")
  },
  drag: async (title, name) => {
    await tabTo(page, page.getByRole("button", { name: `Move "${title}" to a collection` }))
    await page.keyboard.press("Space")
    await page.getByText(`Picked up "${title}"`).first().waitFor({ state: "attached" })
    for (let presses = 0; presses < 10; presses++) {
      await page.keyboard.press("ArrowDown")
      // What is said aloud says where it is.
      const said = page.getByText(/^Over "/).first()
      await said.waitFor({ state: "attached" })
      if (await said.textContent() === `Over "${name}".`) {
        await page.keyboard.press("Space")
        return
      }
    }
    assert.fail(`the arrow keys do not lead to "${name}"`)
  }
})
