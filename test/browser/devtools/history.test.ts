import { Effect } from "effect"
import { HistoryTracker, invoke } from "opbus"
import type { Page } from "playwright-core"
import { assert, it } from "vitest"
import { axe, inBrowser, phone, screenshot } from "../support/browser.ts"
import { atEnd } from "../support/resources.ts"
import { startApp, startBare } from "./support/app.ts"
import * as Desk from "./support/desk.ts"

const start = async () => {
  const app = await startApp()
  atEnd(app.close)
  return {
    ...app,
    write: (actor: string, document: string, text: string) => app.as(actor, invoke(Desk.Write, { document, text }))
  }
}

const entries = (page: Page) => page.getByRole("list", { name: "Entries, newest first" }).getByRole("listitem")

/** The entries as they are shown, the newest first. */
const titles = async (page: Page): Promise<ReadonlyArray<string>> =>
  (await page.locator(".entry-title").allTextContents()).map((text) => text.trim())

const shows = (page: Page, text: string | RegExp) => page.getByText(text).first().waitFor()

/** The buttons of the bar, as they are in the frame in which this is told for the first time: whoever reads it may press one. */
const barWhenTold = async (page: Page, told: string): Promise<ReadonlyArray<string>> => {
  const bar = await page.waitForFunction((told) => {
    if (document.querySelector(".history-outcome [role=status]")?.textContent?.trim() !== told) return undefined
    return Array.from(document.querySelectorAll(".history-bar button"), (button) => {
      const disabled = button.getAttribute("aria-disabled") === "true"
      return `${button.textContent?.trim()}${disabled ? " (disabled)" : ""}`
    })
  }, told)
  return (await bar.jsonValue())!
}

/** Goes on with Tab until what has the focus has this name. */
const tabTo = async (page: Page, name: string | RegExp): Promise<void> => {
  for (let i = 0; i < 60; i++) {
    await page.keyboard.press("Tab")
    const found = await page.evaluate(() => {
      const focused = document.activeElement
      return focused?.getAttribute("aria-label") ?? focused?.textContent?.trim() ?? ""
    })
    if (typeof name === "string" ? found === name : name.test(found)) return
  }
  throw new Error(`no Tab leads to ${name}`)
}

inBrowser("the history panel", ({ newPage }) => {
  it("undoes and redoes for the actor that is chosen, and nobody else", async () => {
    const app = await start()
    await app.write("ann", "letter", "one")
    await app.write("ann", "letter", "two")
    await app.write("bob", "poem", "roses")
    const page = await newPage()
    await page.goto(`${app.url}#/history`)
    await shows(page, "Everybody undoes their own work")
    assert.deepStrictEqual(await titles(page), [
      "Write “roses” into poem",
      "Write “two” into letter",
      "Write “one” into letter"
    ])
    await screenshot(page, "devtools-history")
    await axe(page)

    await page.getByRole("link", { name: /^ann/ }).click()
    await page.getByRole("button", { name: "Undo: Write “two” into letter" }).click()
    await shows(page, "Undone: Write “two” into letter")
    assert.strictEqual(app.world.documents.get("letter"), "one")
    await page.getByRole("button", { name: "Undo: Write “one” into letter" }).waitFor()
    await entries(page).filter({ hasText: "two" }).getByText("undone").waitFor()

    await page.getByRole("button", { name: "Redo: Write “two” into letter" }).click()
    await shows(page, "Done again: Write “two” into letter")
    assert.strictEqual(app.world.documents.get("letter"), "two")
    assert.strictEqual(app.world.documents.get("poem"), "roses")
    await page.getByRole("link", { name: /^bob/ }).click()
    await page.getByRole("button", { name: "Undo: Write “roses” into poem" }).waitFor()
    assert.deepStrictEqual(await titles(page), ["Write “roses” into poem"])
  })

  it("shows at once what somebody does elsewhere", async () => {
    const app = await start()
    const page = await newPage()
    await page.goto(`${app.url}#/history`)
    await page.getByRole("heading", { name: "Nothing to undo yet" }).waitFor()
    await app.write("ann", "letter", "from elsewhere")
    await page.getByRole("button", { name: "Undo: Write “from elsewhere” into letter" }).waitFor()
  })

  it("undoes in one scope, and says in words what blocks it there (H13)", async () => {
    const app = await start()
    await app.write("ann", "letter", "one")
    await app.as("ann", invoke(Desk.Move, { from: "letter", to: "archive" }))
    await app.write("ann", "archive", "changed")
    const page = await newPage()
    await page.goto(`${app.url}#/history?who=actor&actor=ann&scope=letter`)
    const why = "It also changed \"archive\", where something newer stands above it. Undo that first."
    await shows(page, why)
    await page.getByRole("button", { name: /^Undo/ }).first().click()
    await page.getByRole("alert").getByText(why).waitFor()
    await shows(page, "Choose “All scopes” to undo in the order in which things were done")
    await page.getByRole("button", { name: "Undo to here: Write “one” into letter" }).click()
    await page.getByRole("alert").getByText("where “Write “changed” into archive” stands above it").waitFor()
    assert.strictEqual(app.world.documents.get("archive"), "changed")
    await screenshot(page, "devtools-history-blocked")
    await axe(page)

    await page.getByRole("link", { name: /^archive/ }).click()
    await page.getByRole("button", { name: "Undo: Write “changed” into archive" }).click()
    await shows(page, "Undone: Write “changed” into archive")
    await page.getByRole("link", { name: /^letter/ }).click()
    await page.getByRole("button", { name: "Undo: Move letter to archive" }).click()
    await shows(page, "Undone: Move letter to archive")
    assert.strictEqual(app.world.documents.get("letter"), "one")

    // What was done elsewhere later stays: only this scope is undone and redone.
    await app.write("ann", "archive", "kept")
    await page.getByRole("button", { name: "Undo to here: Write “one” into letter" }).click()
    await page.getByRole("button", { name: "Undo 1 entry" }).click()
    await shows(page, "1 entry undone")
    assert.deepStrictEqual([app.world.documents.get("letter"), app.world.documents.get("archive")], ["", "kept"])
    await page.getByRole("button", { name: "Redo: Write “one” into letter" }).click()
    await shows(page, "Done again: Write “one” into letter")
    assert.deepStrictEqual([app.world.documents.get("letter"), app.world.documents.get("archive")], ["one", "kept"])
  })

  it("says who changed the same thing later, and lets them undo first (H14)", async () => {
    const app = await start()
    await app.write("ann", "letter", "of ann")
    await app.write("bob", "letter", "of bob")
    const page = await newPage()
    await page.goto(`${app.url}#/history?who=actor&actor=ann`)
    const why = "\"Write “of bob” into letter\" by bob changed \"letter\" later. It has to be undone first."
    await page.getByRole("button", { name: "Undo", exact: true }).click()
    await page.getByRole("alert").getByText(why).waitFor()
    await shows(page, "Let the other one undo first")
    assert.strictEqual(app.world.documents.get("letter"), "of bob")
    await page.getByRole("link", { name: /^bob/ }).click()
    await page.getByRole("button", { name: "Undo: Write “of bob” into letter" }).click()
    await shows(page, "Undone: Write “of bob” into letter")
    await page.getByRole("link", { name: /^ann/ }).click()
    await page.getByRole("button", { name: "Undo: Write “of ann” into letter" }).click()
    await shows(page, "Undone: Write “of ann” into letter")
    assert.strictEqual(app.world.documents.get("letter"), "")
  })

  it("asks before it undoes to an entry, names how many and in which order, and stops at what fails", async () => {
    const app = await start()
    await app.write("ann", "letter", "one")
    await app.as("ann", invoke(Desk.Publish, { document: "letter" }))
    await app.write("ann", "letter", "two")
    await app.as("ann", Desk.tidyUp(["letter", "poem"]))
    app.world.stuck = "the press is out of paper"
    const page = await newPage()
    await page.goto(`${app.url}#/history`)
    await page.getByRole("button", { name: "Undo to here: Write “one” into letter" }).click()
    const dialog = page.getByRole("dialog", { name: "Undo 4 entries?" })
    assert.deepStrictEqual(await dialog.getByRole("listitem").allTextContents(), [
      "Tidy up",
      "Write “two” into letter",
      "Publish letter",
      "Write “one” into letter"
    ])
    await screenshot(page, "devtools-history-undo-to")
    await axe(page)
    await dialog.getByRole("button", { name: "Cancel" }).click()
    await dialog.waitFor({ state: "detached" })
    assert.strictEqual(app.world.documents.get("poem"), "tidy")

    await page.getByRole("button", { name: "Undo to here: Write “one” into letter" }).click()
    await page.getByRole("button", { name: "Undo 4 entries" }).click()
    await page.getByRole("alert").getByText(/^2 entries undone, then it stopped. "desk.unpublish" failed/).waitFor()
    assert.deepStrictEqual(
      [
        app.world.documents.get("letter"),
        app.world.documents.get("poem"),
        app.world.documents.get("letter (published)")
      ],
      ["one", "", "yes"]
    )
    app.world.stuck = undefined
    await page.getByRole("button", { name: "Undo to here: Write “one” into letter" }).click()
    await page.getByRole("button", { name: "Undo 2 entries" }).click()
    await shows(page, "2 entries undone")
    assert.deepStrictEqual(Array.from(app.world.documents), [["letter", ""], ["poem", ""]])
    await entries(page).filter({ hasText: "undone" }).nth(3).waitFor()
  })

  it("can be used by keyboard alone, from the address to an undone entry", async () => {
    const app = await start()
    await app.write("ann", "letter", "one")
    await app.write("ann", "letter", "two")
    await app.write("bob", "poem", "roses")
    const page = await newPage()
    await page.goto(`${app.url}#/history`)
    await entries(page).first().waitFor()
    await tabTo(page, /^ann/)
    await page.keyboard.press("Enter")
    await page.getByRole("button", { name: "Undo: Write “two” into letter" }).waitFor()
    await tabTo(page, "Show the steps of Write “two” into letter")
    await page.keyboard.press("Enter")
    await page.getByRole("cell", { name: "desk.write" }).first().waitFor()
    await tabTo(page, "Undo to here: Write “one” into letter")
    await page.keyboard.press("Enter")
    await page.getByRole("dialog").waitFor()
    await page.keyboard.press("Escape")
    await page.getByRole("dialog").waitFor({ state: "detached" })
    assert.strictEqual(app.world.documents.get("letter"), "two")
    await page.keyboard.press("Enter")
    await tabTo(page, "Undo 2 entries")
    await page.keyboard.press("Enter")
    assert.deepStrictEqual(await barWhenTold(page, "2 entries undone"), [
      "Undo (disabled)",
      "Redo: Write “one” into letter"
    ])
    assert.strictEqual(app.world.documents.get("letter"), "")
    // The button that was pressed goes with its entry.
    await page.getByRole("button", { name: /^Undo to here/ }).first().waitFor({ state: "detached" })
    assert.notStrictEqual(await page.evaluate(() => document.activeElement?.tagName), "BODY")
    await tabTo(page, "Redo: Write “one” into letter")
    await page.keyboard.press("Enter")
    await shows(page, "Done again: Write “one” into letter")
    assert.strictEqual(app.world.documents.get("letter"), "one")
  })

  it("tells entries apart: partial ones, groups, several scopes, and hostile titles as text", async () => {
    const app = await start()
    await app.as("bob", Desk.tidyUp(["poem", "notes"]))
    await app.as("bob", Effect.exit(invoke(Desk.WriteAll, { documents: ["a", "b", "forbidden"], text: "x" })))
    await app.write("bob", "poem", "<img src=x onerror=alert(1)>")
    const page = await newPage({ viewport: phone, touch: true, colorScheme: "dark" })
    await page.goto(`${app.url}#/history`)
    await shows(page, "<img src=x onerror=alert(1)>")
    const partial = entries(page).filter({ hasText: "desk.writeAll" })
    await partial.getByText("partial").waitFor()
    await partial.getByText("2 steps").waitFor()
    await entries(page).filter({ hasText: "Tidy up" }).getByText("group").waitFor()
    await screenshot(page, "devtools-history-phone")
    await axe(page)
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
    assert.strictEqual(wide, 0)
    // What had been done of it is taken back as one.
    await page.getByRole("button", { name: "Undo to here: desk.writeAll" }).click()
    await page.getByRole("button", { name: "Undo 2 entries" }).click()
    await shows(page, "2 entries undone")
    assert.deepStrictEqual([app.world.documents.get("a"), app.world.documents.get("b")], ["", ""])
  })

  it("can be led to an entry, also to an old one, which shows its steps", async () => {
    const app = await start()
    await app.write("ann", "letter", "the first")
    for (let i = 0; i < 130; i++) await app.write("ann", "poem", `line ${i}`)
    const [first] = await app.run(HistoryTracker.allEntries)
    const page = await newPage()
    await page.goto(`${app.url}#/history`)
    await page.getByRole("button", { name: "Show 31 older" }).waitFor()
    assert.strictEqual(await entries(page).count(), 100)
    await page.goto(`${app.url}#/history/${first!.id}`)
    const entry = entries(page).filter({ hasText: "the first" })
    await entry.getByRole("cell", { name: "desk.write" }).first().waitFor()
    await page.waitForFunction(() => {
      const { bottom, top } = document.querySelector("[data-chosen=true]")!.getBoundingClientRect()
      return top >= 0 && bottom <= innerHeight
    })
    await entry.getByRole("link", { name: first!.id }).click()
    await page.getByRole("heading", { name: "desk.write" }).first().waitFor()
  })

  it("says how to get a history where the application has none", async () => {
    const bare = await startBare()
    atEnd(bare.close)
    const page = await newPage()
    await page.goto(`${bare.url}#/history`)
    await page.getByRole("heading", { name: "This application keeps no history" }).waitFor()
    await shows(page, "Layer.provideMerge(Opbus.layer)")
    await axe(page)
  })
})
