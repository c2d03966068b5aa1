import { assert, beforeAll, it } from "vitest"
import { axe, call, inBrowser, laptop, phone, screenshot, serveNotebook, type Server } from "../support/browser.ts"
import { desk } from "./desk.ts"

const hostile = "<img src=x onerror=\"alert(1)\"><script>alert(2)</script>\u202e{{7*7}}"

inBrowser("the screens of the notebook", ({ newPage }) => {
  let server: Server
  beforeAll(async () => {
    server = await serveNotebook()
  })

  it("shows what a new notebook is, and how to begin", async () => {
    for (const [name, options] of Object.entries({ laptop: {}, phone: { viewport: phone, touch: true } })) {
      const page = await newPage(options)
      await page.goto(server.url)
      await page.getByText("An empty notebook").waitFor()
      await page.getByRole("button", { name: "Import a folder" }).waitFor()
      await axe(page)
      await screenshot(page, `notebook/empty-${name}`)
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
      it(`can be used by everybody in all layouts: ${colorScheme}, ${name}`, async () => {
        await fill()
        const page = await newPage({ colorScheme, viewport, touch: viewport === phone })
        await page.goto(server.url)
        const { note } = desk(page)
        for (const layout of ["List", "Deck", "Solo"]) {
          await page.getByRole("button", { name: layout, exact: true }).click()
          if (layout !== "Solo") await note("Apple pie").waitFor()
          await axe(page)
          await screenshot(page, `notebook/${layout}-${name}-${colorScheme}`)
        }
        await page.getByRole("button", { name: "List", exact: true }).click()
        await note("Rhubarb cake").getByRole("button").first().click()
        await page.getByRole("textbox", { name: "Text" }).waitFor()
        await page.getByRole("button", { name: "Delete note" }).click()
        await page.getByRole("button", { name: "History" }).click()
        await page.getByRole("button", { name: "Undo to here" }).first().waitFor()
        await axe(page)
        await screenshot(page, `notebook/History-${name}-${colorScheme}`)
        await page.getByRole("button", { name: "Close the history" }).click()
        await page.getByRole("region", { name: "Messages" }).getByRole("button", { name: "Undo" }).click()
        await note("Rhubarb cake").waitFor()
        await page.getByRole("button", { name: "Import a folder" }).click()
        await page.getByRole("dialog").waitFor()
        await axe(page)
        assert.isTrue(
          await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth),
          "nothing is wider than the screen"
        )
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
