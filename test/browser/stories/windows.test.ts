/** Two people, or one with two windows, at one notebook. */
import { assert, it } from "vitest"
import { inBrowser, screenshot, serveNotebook } from "../support/browser.ts"
import { bar, button, field, note, redo, saved, shows, undo } from "./notebook.ts"

inBrowser("two windows", ({ newPage }) => {
  for (const kind of ["of one browser", "of two browsers"]) {
    it(`${kind} undo their own work, and never the other's`, async () => {
      const { url } = await serveNotebook()
      const a = await newPage()
      const b = await newPage(kind === "of one browser" ? { beside: a } : {})
      await a.goto(url)
      await b.goto(url)
      const create = async (page: typeof a, title: string) => {
        await page.bringToFront()
        await button(page, "New note").click()
        await field(page, "Title").fill(title)
        await saved(page).waitFor()
      }
      await create(a, "Of window A")
      await create(b, "Of window B")
      await note(a, "Of window B").waitFor()
      await note(b, "Of window A").waitFor()
      await undo(a, "Rename to \"Of window A\"").waitFor()
      await undo(b, "Rename to \"Of window B\"").waitFor()

      await a.bringToFront()
      await undo(a, "Rename").click()
      await undo(a, "Create").click()
      await note(b, "Of window A").waitFor({ state: "detached" })
      await note(a, "Of window B").waitFor()
      await undo(b, "Rename to \"Of window B\"").waitFor()
      await a.getByRole("button", { name: /^Undo/, disabled: true }).waitFor()

      await redo(a, "Create").click()
      await redo(a, "Rename").click()
      await note(b, "Of window A").waitFor()
      await b.bringToFront()
      await undo(b, "Rename").click()
      await note(a, "Untitled note").waitFor()
      await note(a, "Of window A").waitFor()
    })
  }

  it("say why one cannot undo what the other has changed since, and do so when that is undone", async () => {
    const { url } = await serveNotebook()
    const a = await newPage()
    const b = await newPage({ beside: a })
    await a.goto(url)
    await button(a, "New note").click()
    await field(a, "Title").fill("Soup")
    await saved(a).waitFor()
    await b.goto(url)
    await note(b, "Soup").click()
    await field(b, "Title").fill("Soup of the day")
    await saved(b).waitFor()
    await note(a, "Soup of the day").waitFor()
    await shows(field(a, "Title"), "Soup of the day")

    await a.bringToFront()
    await undo(a, "why not now?").click()
    await a.getByText("Not undone: Window 2 has changed the same thing since (Rename to \"Soup of the day\").")
      .waitFor()
    await screenshot(a, "windows/conflict")
    assert.strictEqual(await field(a, "Title").inputValue(), "Soup of the day")
    assert.strictEqual(await field(b, "Title").inputValue(), "Soup of the day")

    await b.bringToFront()
    await undo(b, "Rename").click()
    await shows(field(a, "Title"), "Soup")
    await a.bringToFront()
    await undo(a, "Rename").click()
    await shows(field(b, "Title"), "Untitled note")
    await bar(a).waitFor()
  })
})
