/** What somebody types, and how it is taken back. */
import { assert, it } from "vitest"
import { inBrowser, serveNotebook } from "../support/browser.ts"
import { bar, button, field, redo, saved, shows, undo } from "./notebook.ts"

const paragraph = "Rhubarb is a vegetable that thinks it is a fruit; nobody has the heart to tell it."

/** As people type: not evenly, and with a short thought after a word. The same every time. */
const delays = (length: number): ReadonlyArray<number> =>
  Array.from({ length }, (_, i) => 40 + (i * 7919) % 60 + (i % 23 === 22 ? 250 : 0))

inBrowser("typing", ({ newPage }) => {
  it("a paragraph at human speed is one step of undo; after a reload too", async () => {
    const { url } = await serveNotebook()
    const page = await newPage()
    await page.goto(url)
    await button(page, "New note").click()
    await field(page, "Text").click()
    for (const [i, delay] of delays(paragraph.length).entries()) await page.keyboard.type(paragraph[i]!, { delay })
    await saved(page).waitFor()
    await bar(page).getByRole("button", { name: /^Undo Write "Rhubarb is a/ }).click()
    await shows(field(page, "Text"), "")
    await bar(page).getByRole("button", { name: "Undo Create \"Untitled note\"" }).waitFor()
    await bar(page).getByRole("button", { name: /^Redo Write/ }).click()
    await shows(field(page, "Text"), paragraph)

    await page.reload()
    await bar(page).getByRole("button", { name: /^Undo Write "Rhubarb is a/ }).waitFor()
    await button(page, /^Untitled note/).click()
    await shows(field(page, "Text"), paragraph)
    await bar(page).getByRole("button", { name: /^Undo Write/ }).click()
    await shows(field(page, "Text"), "")
    await bar(page).getByRole("button", { name: /^Redo Write/ }).click()
    await shows(field(page, "Text"), paragraph)
  })

  it("what is still on its way when one leaves the field belongs to the same step", async () => {
    const server = await serveNotebook()
    const page = await newPage()
    const sent: Array<string> = []
    page.on("websocket", (socket) => socket.on("framesent", ({ payload }) => sent.push(String(payload))))
    await page.goto(server.url)
    await button(page, "New note").click()
    await field(page, "Text").click()
    await saved(page).waitFor()
    server.signal("SIGSTOP")
    await page.keyboard.type("The server hangs")
    while (!sent.some((frame) => frame.includes("The server hangs"))) {
      await page.evaluate(() => new Promise(requestAnimationFrame))
    }
    await page.keyboard.type(" while this is typed.")
    await page.keyboard.press("Tab")
    server.signal("SIGCONT")
    await saved(page).waitFor()
    await undo(page, /^Undo Write/).click()
    await shows(field(page, "Text"), "")
    await redo(page, /^Redo Write/).click()
    await shows(field(page, "Text"), "The server hangs while this is typed.")
  })

  it("Ctrl+Z in a field is the field's own; elsewhere it is the notebook's", async () => {
    const { url } = await serveNotebook()
    const page = await newPage()
    await page.goto(url)
    await button(page, "New note").click()
    await field(page, "Text").click()
    await page.keyboard.type("sugar", { delay: 5 })
    await saved(page).waitFor()
    await page.keyboard.press("Control+Z")
    await shows(field(page, "Text"), "")
    await bar(page).getByRole("button", { name: /^Undo Create|^Undo Clear|^Undo Write/ }).waitFor()
    assert.strictEqual(await bar(page).getByRole("button", { name: /^Redo/ }).getAttribute("aria-disabled"), "true")
    await page.keyboard.press("Control+Shift+Z")
    await shows(field(page, "Text"), "sugar")
    await saved(page).waitFor()

    await button(page, "New collection").focus()
    await page.keyboard.press("Control+Z")
    await shows(field(page, "Text"), "")
    await page.keyboard.press("Control+Shift+Z")
    await shows(field(page, "Text"), "sugar")
    await page.keyboard.press("Control+Z")
    await shows(field(page, "Text"), "")
    await page.keyboard.press("Control+Y")
    await shows(field(page, "Text"), "sugar")
  })
})
