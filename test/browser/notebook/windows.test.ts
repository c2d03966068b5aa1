import { assert, beforeAll, it } from "vitest"
import { inBrowser, screenshot, serveNotebook, type Server } from "../support/browser.ts"
import { desk } from "./desk.ts"

inBrowser("two windows of one notebook", ({ newPage }) => {
  let server: Server
  beforeAll(async () => {
    server = await serveNotebook()
  })

  for (const kind of ["of one browser", "of two browsers"]) {
    it(`${kind} each undo and redo their own work, and see that of the other at once`, async () => {
      const one = await newPage()
      await one.goto(server.url)
      const two = await newPage(kind === "of one browser" ? { beside: one } : {})
      await two.goto(server.url)
      await one.getByText("Window 1", { exact: true }).waitFor()
      await two.getByText(kind === "of one browser" ? "Window 2" : "Window 1", { exact: true }).waitFor()
      const [first, second] = [`One, ${kind}`, `Two, ${kind}`]
      await desk(one).newNote(first)
      await desk(two).note(first).waitFor()
      await desk(two).newNote(second)
      await desk(one).note(second).waitFor()
      // What one did last is older than what two did.
      await desk(one).undo.filter({ hasText: `Rename to "${first}"` }).click()
      await desk(two).note(first).waitFor({ state: "detached" })
      await desk(one).undo.filter({ hasText: "Create \"Untitled note\"" }).click()
      await desk(one).note("Untitled note").waitFor({ state: "detached" })
      assert.strictEqual(await desk(one).undo.getAttribute("aria-disabled"), "true")
      await desk(two).note(second).waitFor()
      await desk(two).undo.filter({ hasText: `Rename to "${second}"` }).waitFor()

      await desk(one).redo.filter({ hasText: "Create" }).click()
      await desk(one).redo.filter({ hasText: `Rename to "${first}"` }).click()
      await desk(two).note(first).waitFor()
      await desk(two).undo.filter({ hasText: `Rename to "${second}"` }).click()
      await desk(one).note(second).waitFor({ state: "detached" })
      await desk(two).undo.filter({ hasText: "Create \"Untitled note\"" }).click()
      await desk(one).note("Untitled note").waitFor({ state: "detached" })
      await desk(one).note(first).waitFor()
    })
  }

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
    await desk(one).undo.filter({ hasText: "why not now?" }).click()
    await desk(one).message(/^Not undone: Window 2 has changed the same thing since/).waitFor()
    await screenshot(one, "notebook/conflict")
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
