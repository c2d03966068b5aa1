/** The server goes away in the middle of everything, and comes back. */
import { assert, it } from "vitest"
import { allow, call, inBrowser, screenshot, serveNotebook } from "../support/browser.ts"
import { button, field, note, saved, shows, undo } from "./notebook.ts"

const away = /WebSocket connection to|ERR_CONNECTION_REFUSED|ERR_CONNECTION_RESET/

inBrowser("a server that stops", ({ newPage }) => {
  it("loses nothing that was typed, and does nothing twice", async () => {
    const server = await serveNotebook()
    const page = await newPage()
    const devtools = await newPage()
    allow(page, away)
    allow(devtools, away)
    await page.goto(server.url)
    await devtools.goto(server.devtools)
    await button(page, "New note").click()
    await field(page, "Title").fill("Before")
    await saved(page).waitFor()
    await field(page, "Text").click()
    await page.keyboard.type("While it was there. ", { delay: 5 })
    const line = (text: string) => devtools.getByRole("row").filter({ hasText: text }).first()
    await line("note.rename").waitFor()

    // Whatever of it was on its way.
    await server.kill("SIGKILL")
    await page.getByText("The notebook's server cannot be reached.").waitFor()
    await devtools.getByText("Disconnected").waitFor()
    await page.keyboard.type("While it was away.", { delay: 5 })
    await page.getByText("Kept here, not sent yet").waitFor()
    await screenshot(page, "restart/1-notebook-away")
    await screenshot(devtools, "restart/2-devtools-away")

    await server.restart()
    await page.getByText("The notebook's server cannot be reached.").waitFor({ state: "detached" })
    await saved(page).waitFor()
    assert.strictEqual(await field(page, "Text").inputValue(), "While it was there. While it was away.")
    await devtools.getByText("Connected", { exact: true }).waitFor()
    const [only, ...others] = await call(server, "note.find", {})
    assert.deepStrictEqual(others, [])
    assert.strictEqual(
      (await call(server, "note.read", { id: only.id })).body,
      "While it was there. While it was away."
    )
    // What happens from now on is seen.
    await line("note.write").waitFor()
    await screenshot(devtools, "restart/3-devtools-back")

    // The history is whole as well.
    await undo(page, "Write").click()
    await shows(field(page, "Text"), /^(While it was there\. )?$/)
    while (await field(page, "Text").inputValue() !== "") {
      await undo(page, "Write").click()
      await shows(field(page, "Text"), "")
    }
    await undo(page, "Rename to \"Before\"").click()
    await note(page, "Untitled note").waitFor()
    const titles = (await call(server, "note.find", {})).map(({ title }: { readonly title: string }) => title)
    assert.deepStrictEqual(titles, ["Untitled note"])
  })

  it("keeps what was typed over a reload that nobody answers, and when the window is closed", async () => {
    const server = await serveNotebook()
    const page = await newPage()
    allow(page, away)
    await page.goto(server.url)
    await button(page, "New note").click()
    await field(page, "Title").fill("Before")
    await saved(page).waitFor()
    await server.kill()
    await page.getByText("The notebook's server cannot be reached.").waitFor()
    assert.isTrue(await button(page, "New note").isDisabled())
    await field(page, "Text").click()
    await page.keyboard.type("Typed into the void.")
    await page.getByText("Kept here, not sent yet").waitFor()
    const gone = await page.reload().then(() => undefined, (error: Error) => error.message)
    assert.include(gone, "ERR_CONNECTION_REFUSED")
    await server.restart()
    await page.goto(server.url)
    await note(page, "Before").click()
    await shows(field(page, "Text"), "Typed into the void.")
    await saved(page).waitFor()
    const [{ id }] = await call(server, "note.find", {})
    assert.strictEqual((await call(server, "note.read", { id })).body, "Typed into the void.")
    await undo(page, "Write \"Typed into the void.\"").click()
    await shows(field(page, "Text"), "")

    // And once more; this time the window is closed before anything is sent.
    await server.kill()
    await page.getByText("The notebook's server cannot be reached.").waitFor()
    await field(page, "Text").click()
    await page.keyboard.type("Unsent.")
    const address = page.url()
    const later = await newPage({ beside: page })
    await page.close()
    await server.restart()
    await later.goto(address)
    await shows(field(later, "Text"), "Unsent.")
    await saved(later).waitFor()
    await undo(later, "Write \"Unsent.\"").waitFor()
    assert.strictEqual((await call(server, "note.read", { id })).body, "Unsent.")
  })
})
