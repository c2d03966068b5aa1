import type { Page } from "playwright-core"
import { assert, beforeAll, it } from "vitest"
import { axe, call, inBrowser, laptop, phone, screenshot, serveNotebook, type Server } from "../support/browser.ts"
import { tabThrough } from "../support/keyboard.ts"
import { holds } from "../support/layout.ts"
import { desk } from "./desk.ts"

const hostile = "<img src=x onerror=\"alert(1)\"><script>alert(2)</script>\u202e{{7*7}}"

type Scheme = "light" | "dark"

/** Each size once in one scheme with everything that is looked at; in the other only what depends on the colours. */
const whole: Readonly<Record<string, Scheme>> = { laptop: "light", phone: "dark" }

const look = async (page: Page, screen: string, size: string, scheme: Scheme): Promise<void> => {
  await screenshot(page, `notebook/${screen}-${size}-${scheme}`)
  if (whole[size] !== scheme) return axe(page, { runOnly: ["color-contrast"] })
  await axe(page)
  await holds(page)
  await tabThrough(page)
}

inBrowser("the screens of the notebook", ({ newPage }) => {
  let server: Server
  beforeAll(async () => {
    server = await serveNotebook()
  })

  it("shows what a new notebook is, and how to begin", async () => {
    for (const [name, viewport] of Object.entries({ laptop, phone })) {
      const colorScheme = whole[name]!
      const page = await newPage({ colorScheme, viewport, touch: viewport === phone, reducedMotion: "reduce" })
      await page.goto(server.url)
      // What is there while it is read is another screen.
      await page.getByRole("heading", { name: "An empty notebook" }).waitFor()
      await look(page, "empty", name, colorScheme)
    }
  })

  const fill = async () => {
    if ((await call(server, "note.find", {})).length > 0) return
    const { id } = await call(server, "collection.create", { name: "Recipes" })
    await call(server, "collection.create", { name: hostile })
    await call(server, "note.create", {
      title: "Rhubarb cake",
      body: "Three stalks.",
      tags: ["dessert"],
      collection: id
    })
    await call(server, "note.create", { title: hostile, body: hostile, tags: [hostile, "plain"] })
    for (const title of ["Apple pie", "Bread", "Soup"]) await call(server, "note.create", { title, tags: ["quick"] })
  }

  for (const colorScheme of ["light", "dark"] as const) {
    for (const [name, viewport] of Object.entries({ laptop, phone })) {
      it(`can be used by everybody in all layouts, also by keyboard: ${colorScheme}, ${name}`, async () => {
        await fill()
        const page = await newPage({ colorScheme, viewport, touch: viewport === phone, reducedMotion: "reduce" })
        await page.goto(server.url)
        const { message, note, undo } = desk(page)
        for (const layout of ["List", "Deck", "Solo"]) {
          await page.getByRole("button", { name: layout, exact: true }).click()
          if (layout !== "Solo") await note("Apple pie").waitFor()
          await look(page, layout, name, colorScheme)
        }
        await page.getByRole("button", { name: "List", exact: true }).click()
        await note("Rhubarb cake").getByRole("button").first().click()
        await page.getByRole("textbox", { name: "Text" }).waitFor()
        await page.getByRole("button", { name: "Delete note" }).click()
        // It stays while somebody is at it.
        await message("Deleted \"Rhubarb cake\"").hover()
        await look(page, "Deleted", name, colorScheme)
        await page.getByRole("region", { name: "Messages" }).getByRole("button", { name: "Dismiss" }).click()
        await page.getByRole("button", { name: "History" }).click()
        await page.getByRole("button", { name: "Undo to here" }).first().waitFor()
        await look(page, "History", name, colorScheme)
        await page.getByRole("button", { name: "Close the history" }).click()
        await undo.click()
        await note("Rhubarb cake").waitFor()
        await page.getByRole("button", { name: "Import a folder" }).click()
        await page.getByRole("dialog").waitFor()
        await look(page, "Import", name, colorScheme)
      })
    }
  }

  it("shows hostile words as words, wherever they are shown", async () => {
    await fill()
    const page = await newPage()
    await page.goto(server.url)
    const { note, text, title } = desk(page)
    await note(hostile).getByRole("button").first().click()
    await text.waitFor()
    assert.strictEqual(await title.inputValue(), hostile)
    assert.strictEqual(await text.inputValue(), hostile)
    await page.getByRole("button", { name: "Delete note" }).click()
    await desk(page).message(`Deleted "${hostile}"`).waitFor()
    await page.getByRole("button", { name: "Deck", exact: true }).click()
    await page.getByRole("region", { name: hostile }).waitFor()
    assert.strictEqual(await page.locator("#root img, #root script").count(), 0)
  })

  it("goes back to the layout before with Ctrl-Z on the switch, and to nothing else", async () => {
    await fill()
    const page = await newPage()
    await page.goto(server.url)
    const { newNote, note, undo } = desk(page)
    await newNote("Layouts")
    const layout = (name: string) => page.getByRole("button", { name, exact: true })
    await layout("Deck").click()
    await layout("Solo").click()
    await page.keyboard.press("Control+z")
    await page.locator("[aria-pressed=true]").filter({ hasText: "Deck" }).waitFor()
    await page.keyboard.press("Control+z")
    await page.locator("[aria-pressed=true]").filter({ hasText: "List" }).waitFor()
    await page.keyboard.press("Control+z")
    await undo.filter({ hasText: "Rename to \"Layouts\"" }).waitFor()
    await note("Layouts").waitFor()
    await undo.focus()
    await page.keyboard.press("Control+z")
    await note("Layouts").waitFor({ state: "detached" })
    await page.keyboard.press("Control+Shift+z")
    await note("Layouts").waitFor()
  })
})
