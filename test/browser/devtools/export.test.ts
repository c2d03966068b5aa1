import { Effect } from "effect"
import { readFile } from "node:fs/promises"
import { invoke } from "opbus"
import { SessionExport } from "opbus/protocol"
import type { Page } from "playwright-core"
import { assert, it } from "vitest"
import { allow, axe, inBrowser, phone, screenshot } from "../support/browser.ts"
import { atEnd } from "../support/resources.ts"
import { startApp, startBare } from "./support/app.ts"
import * as Desk from "./support/desk.ts"

/** Exports as a user does, and reads the file as another program would. */
const exported = async (page: Page, press: () => Promise<void>) => {
  const [download] = await Promise.all([page.waitForEvent("download"), press()])
  const text = await readFile(await download.path(), "utf8")
  return { name: download.suggestedFilename(), text, session: await Effect.runPromise(SessionExport.parse(text)) }
}

inBrowser("the export of a session", ({ newPage }) => {
  it("is one file with exactly what happened, before the page was opened and after, and no sensitive value", async () => {
    const app = await startApp()
    atEnd(app.close)
    await app.as("ann", invoke(Desk.Write, { document: "letter", text: "one" }))
    await app.run(invoke(Desk.LogIn, { user: "ann", password: "hunter2" }))
    const page = await newPage()
    await page.goto(`${app.url}#/services`)
    await page.getByRole("img", { name: /^Memory in use: 40 %/ }).waitFor()
    await page.getByRole("link", { name: "History" }).click()
    await app.as("bob", Effect.exit(invoke(Desk.WriteAll, { documents: ["a", "forbidden"], text: "x" })))
    await page.getByText("desk.writeAll").waitFor()
    await page.getByRole("link", { name: /^ann/ }).click()
    await page.getByRole("button", { name: "Undo: Write “one” into letter" }).click()
    await page.getByText("Undone: Write “one” into letter").waitFor()
    await page.getByRole("link", { name: "Timeline" }).click()
    await page.getByRole("row", { name: /desk\.write\b.*undo/ }).waitFor()

    const button = page.getByRole("button", { name: "Export" })
    const { name, session, text } = await exported(page, () => button.click())
    assert.match(name, /^opbus-session-writing-desk-\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d\.json$/)
    await page.getByText("10 events").waitFor()
    await page.getByText("No event is missing.").waitFor()
    await screenshot(page, "devtools-export")
    await axe(page)

    assert.deepStrictEqual(session.invocations.map(({ _tag, actor, key, origin }) => [key, _tag, origin, actor]), [
      ["desk.write", "Started", "user", "ann"],
      ["desk.write", "Succeeded", "user", "ann"],
      ["desk.logIn", "Started", "user", undefined],
      ["desk.logIn", "Succeeded", "user", undefined],
      ["desk.writeAll", "Started", "user", "bob"],
      ["desk.write", "Started", "user", "bob"],
      ["desk.write", "Succeeded", "user", "bob"],
      ["desk.writeAll", "Failed", "user", "bob"],
      ["desk.write", "Started", "undo", "ann"],
      ["desk.write", "Succeeded", "undo", "ann"]
    ])
    assert.deepStrictEqual(session.invocations.map(({ sequence }) => sequence), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
    assert.strictEqual(session.dropped, 0)
    assert.deepStrictEqual(session.invocations[0]!.input, { document: "letter", text: "one" })
    assert.notInclude(text, "hunter2")
    assert.notInclude(text, "hunter3")
    assert.deepStrictEqual(session.invocations[2]!.input, { user: "ann", password: "<redacted>" })

    assert.strictEqual(session.app.title, "Writing desk")
    assert.deepStrictEqual(
      session.history!.entries.map(({ message, partial, status }) => [message, status, partial]),
      [["Write “one” into letter", "undone", false], ["desk.writeAll", "live", true]]
    )
    const write = session.operations.find(({ json }) => json["key"] === "desk.write")!
    assert.deepStrictEqual([write.exposed, write.handled, write.undoable, write.inverse], [
      true,
      true,
      true,
      "desk.write"
    ])
    assert.isAtLeast(session.services!.samples.length, 1)
    assert.deepStrictEqual(session.services!.samples[0]!.services.map(({ service }) => service), [
      "cache",
      "index",
      "mailer",
      "printer"
    ])
  })

  it("goes by keyboard, on a phone, and holds nothing of what the application does not have", async () => {
    const bare = await startBare()
    atEnd(bare.close)
    const page = await newPage({ viewport: phone, touch: true, colorScheme: "dark" })
    await page.goto(bare.url)
    await page.getByText("Connected").waitFor()
    const button = page.getByRole("button", { name: "Export" })
    await button.focus()
    const { session } = await exported(page, () => page.keyboard.press("Enter"))
    assert.deepStrictEqual(session.invocations, [])
    assert.isFalse("history" in session || "services" in session)
    await page.getByText("0 events").waitFor()
    await screenshot(page, "devtools-export-phone")
    await axe(page)
    assert.strictEqual(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth), 0)
    await page.getByRole("button", { name: "Dismiss" }).click()
    await page.getByText("0 events").waitFor({ state: "detached" })
  })

  it("still saves what the page has when the application is gone, and says what it lacks", async () => {
    const app = await startApp()
    let closed = false
    const close = async () => {
      if (!closed) await app.close()
      closed = true
    }
    atEnd(close)
    await app.as("ann", invoke(Desk.Write, { document: "letter", text: "one" }))
    const page = await newPage()
    allow(page, /ERR_CONNECTION_REFUSED/)
    await page.goto(app.url)
    await page.getByRole("row", { name: /desk\.write/ }).waitFor()
    await close()
    await page.getByText("Disconnected").waitFor()
    const { session } = await exported(page, () => page.getByRole("button", { name: "Export" }).click())
    assert.deepStrictEqual(session.invocations.map(({ _tag }) => _tag), ["Started", "Succeeded"])
    assert.isFalse("history" in session)
    await page.getByText("The history could not be read, so it is not in it.").waitFor()
  })
})
