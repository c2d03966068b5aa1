import { assert, beforeAll, it } from "vitest"
import { call, inBrowser, serveNotebook, type Server } from "../support/browser.ts"
import { desk } from "./desk.ts"

inBrowser("messages with Undo", ({ newPage }) => {
  let server: Server
  beforeAll(async () => {
    server = await serveNotebook()
  })

  it("go away by themselves, but not while somebody is at them", async () => {
    const page = await newPage()
    await page.clock.install()
    await page.goto(server.url)
    const { message, newNote, note } = desk(page)
    const undo = page.getByRole("region", { name: "Messages" }).getByRole("button", { name: "Undo" })
    await newNote("Deleted twice")
    await page.getByRole("button", { name: "Delete note" }).click()
    await undo.focus()
    await page.clock.fastForward(60_000)
    await message("Deleted \"Deleted twice\"").waitFor()
    await page.keyboard.press("Enter")
    await note("Deleted twice").click()
    await page.getByRole("button", { name: "Delete note" }).click()
    await undo.waitFor()
    await page.clock.fastForward(60_000)
    await undo.waitFor({ state: "detached" })
  })

  it("undo what they tell of, and nothing that was done since", async () => {
    const page = await newPage()
    await page.goto(server.url)
    const { message, newNote, note } = desk(page)
    await newNote("Stays deleted")
    await page.getByRole("button", { name: "Delete note" }).click()
    await message("Deleted \"Stays deleted\"").waitFor()
    const actor = await page.evaluate(() => sessionStorage.getItem("notebook.window")!)
    // Something else is done in the name of this window, as its devtools or a second tab of an agent could.
    await call(server, "note.create", { title: "Newer" }, actor)
    await note("Newer").waitFor()
    await page.getByRole("region", { name: "Messages" }).getByRole("button", { name: "Undo" }).click()
    await message(/^Something was done since/).waitFor()
    await note("Newer").waitFor()
    assert.strictEqual(await note("Stays deleted").count(), 0)
  })

  it("are replaced by the history for whoever wants to go further back", async () => {
    const page = await newPage()
    await page.goto(server.url)
    const { message, newNote, note } = desk(page)
    await newNote("One of two")
    await newNote("Two of two")
    await page.getByRole("button", { name: "History" }).click()
    const entry = page.getByRole("complementary", { name: "History" }).getByRole("listitem")
      .filter({ hasText: "Create \"Untitled note\"" })
    await entry.last().getByRole("button", { name: "Undo to here" }).click()
    await page.getByRole("button", { name: "Undo 4 steps" }).click()
    await message("Undone: 4 steps").waitFor()
    await note("of two").first().waitFor({ state: "detached" })
  })
})
