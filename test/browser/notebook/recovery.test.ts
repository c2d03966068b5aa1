import { assert, it } from "vitest"
import { allow, call, inBrowser, screenshot, serveNotebook } from "../support/browser.ts"
import { desk } from "./desk.ts"

const refused = /WebSocket connection to|ERR_CONNECTION_REFUSED/

inBrowser("a notebook whose server was killed", ({ newPage }) => {
  it(
    "keeps what is typed, sends it when the server is back, and undoes it as one step; also when the window was closed",
    async () => {
      const server = await serveNotebook()
      const page = await newPage()
      allow(page, refused)
      await page.goto(server.url)
      const { newNote, reads, saved, text, undo } = desk(page)
      await newNote("Survivor", "Before.")
      await server.kill()
      await page.getByText("The notebook's server cannot be reached.").waitFor()
      assert.isTrue(await page.getByRole("button", { name: "New note" }).isDisabled())
      await text.click()
      await page.keyboard.press("Control+End")
      await page.keyboard.type(" While it was away.")
      await page.getByText("Kept here, not sent yet").waitFor()
      await screenshot(page, "notebook/away")
      await server.restart()
      await page.getByText("The notebook's server cannot be reached.").waitFor({ state: "detached" })
      await saved.waitFor()
      const [{ id }] = await call(server, "note.find", { text: "While it was away" })
      assert.strictEqual((await call(server, "note.read", { id })).body, "Before. While it was away.")
      await undo.filter({ hasText: "Before. While it was away." }).click()
      await reads("Before.")
      await undo.filter({ hasText: "Write \"Before.\"" }).click()
      await reads("")

      // And once more; this time the window is closed, before what was typed is sent.
      await server.kill()
      await page.getByText("The notebook's server cannot be reached.").waitFor()
      await text.click()
      await page.keyboard.press("Control+End")
      await page.keyboard.type("Unsent.")
      const address = page.url()
      const later = await newPage({ beside: page })
      await page.close()
      await server.restart()
      await later.goto(address)
      await desk(later).reads("Unsent.")
      await desk(later).saved.waitFor()
      await desk(later).undo.filter({ hasText: "Write \"Unsent.\"" }).waitFor()
      assert.strictEqual((await call(server, "note.find", { text: "Unsent." })).length, 1)
    },
    120_000
  )
})
