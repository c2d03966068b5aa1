import { assert, beforeAll, it } from "vitest"
import { inBrowser, serveNotebook, type Server } from "../support/browser.ts"
import { desk } from "./desk.ts"

inBrowser("two windows of one notebook", ({ newPage }) => {
  let server: Server
  beforeAll(async () => {
    server = await serveNotebook()
  })

  it("each undo their own work, and see that of the other at once", async () => {
    const one = await newPage()
    await one.goto(server.url)
    const two = await newPage({ beside: one })
    await two.goto(server.url)
    await one.getByText("Window 1", { exact: true }).waitFor()
    await two.getByText("Window 2", { exact: true }).waitFor()
    await desk(one).newNote("From one")
    await desk(two).note("From one").waitFor()
    await desk(two).newNote("From two")
    await desk(one).note("From two").waitFor()
    // What one did last is older than what two did.
    await desk(one).undo.filter({ hasText: "Rename to \"From one\"" }).click()
    await desk(two).note("From one").waitFor({ state: "detached" })
    await desk(one).undo.filter({ hasText: "Create \"Untitled note\"" }).click()
    await desk(one).note("Untitled note").waitFor({ state: "detached" })
    assert.strictEqual(await desk(one).undo.getAttribute("aria-disabled"), "true")
    await desk(two).note("From two").waitFor()
    await desk(two).undo.filter({ hasText: "Rename to \"From two\"" }).waitFor()
  })

  it("say why, when the other one has changed the same note since", async () => {
    const one = await newPage()
    await one.goto(server.url)
    await desk(one).newNote("Contested", "by one")
    const two = await newPage({ beside: one })
    await two.goto(one.url())
    await desk(two).reads("by one")
    await desk(two).text.click()
    await two.keyboard.press("Control+End")
    await two.keyboard.type(", and by two")
    await desk(one).reads("by one, and by two")
    await desk(two).text.blur()
    await desk(two).saved.waitFor()
    await desk(one).undo.click()
    await desk(one).message(/^Not undone: Window 2 has changed the same thing since/).waitFor()
    await desk(one).reads("by one, and by two")
    await desk(two).undo.click()
    await desk(one).reads("by one")
    await desk(one).undo.click()
    await desk(one).reads("")
  })

  it("have names of their own: a duplicated tab gets a new one, a reload keeps it, a closed one's is free", async () => {
    const one = await newPage()
    await one.goto(server.url)
    await one.getByText("Window 1", { exact: true }).waitFor()
    const named = () => one.evaluate(() => sessionStorage.getItem("notebook.window"))
    const name = await named()
    // A window opened by a page begins with a copy of its session, as a duplicated tab does.
    const [duplicate] = await Promise.all([
      one.waitForEvent("popup"),
      one.evaluate(() => void window.open(location.href))
    ])
    await duplicate.getByText("Window 2", { exact: true }).waitFor()
    await one.reload()
    await one.getByText("Window 1", { exact: true }).waitFor()
    assert.strictEqual(await named(), name)
    const second = await duplicate.evaluate(() => sessionStorage.getItem("notebook.window"))
    await duplicate.close()
    const later = await newPage({ beside: one })
    await later.goto(server.url)
    await later.getByText("Window 2", { exact: true }).waitFor()
    assert.strictEqual(await later.evaluate(() => sessionStorage.getItem("notebook.window")), second)
  })
})
