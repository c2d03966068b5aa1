/** Words that were written to do harm are words. */
import type { Page } from "playwright-core"
import { assert, beforeAll, it } from "vitest"
import { call, inBrowser, phone, screenshot, serveApp, serveNotebook, type Server } from "../support/browser.ts"
import { holds } from "../support/layout.ts"
import { all, attacks, long } from "./fixtures/attacks.ts"
import { button, collection, field, note, saved, shows, undo } from "./notebook.ts"

/** Notes hold no NUL, and say so. */
const written = all.replaceAll("\0", "")

/** The harness fails on dialogs, on what the policy refuses, and on requests to other hosts; this is what it does not see. */
const isUnharmed = async (page: Page): Promise<void> => {
  await holds(page)
  for (const frame of page.frames()) {
    const harm = await frame.evaluate(() => ({
      hacked: (window as { hacked?: unknown }).hacked,
      polluted: ({} as { hacked?: unknown }).hacked,
      planted: document.querySelectorAll("main script, img, iframe, object, embed, base, main style, main link").length,
      handlers: document.querySelectorAll("[onerror], [onclick], [onload]").length,
      links: [...document.querySelectorAll("a")].filter(({ protocol }) => !/^https?:$/.test(protocol)).length
    }))
    assert.deepStrictEqual(harm, { hacked: undefined, polluted: undefined, planted: 0, handlers: 0, links: 0 })
  }
}

inBrowser("hostile words", ({ newPage }) => {
  let notebook: Server
  beforeAll(async () => {
    notebook = await serveNotebook()
  })

  it("typed into the notebook are shown as they are", async () => {
    const page = await newPage()
    await page.goto(notebook.url)
    await button(page, "New note").click()
    const words = attacks[1]!
    await field(page, "Title").fill(words)
    await field(page, "Text").fill(written)
    await saved(page).waitFor()
    for (const tag of attacks.slice(0, 3)) {
      await page.getByLabel("Add a tag").fill(tag)
      await page.keyboard.press("Enter")
      await button(page, `Remove the tag "${tag}"`).waitFor()
    }
    await button(page, "New collection").click()
    await page.getByLabel("Name of the collection").fill(words)
    await page.keyboard.press("Enter")
    await collection(page, `${words} 0`).waitFor()
    await undo(page, `Create collection "${words}"`).waitFor()
    await page.getByRole("combobox", { name: /^Collection/ }).selectOption(words)
    await page.getByText(words, { exact: true }).first().waitFor()
    await page.getByRole("searchbox", { name: "Search notes" }).fill(attacks[2]!)
    await page.getByText(attacks[2]!).first().waitFor()
    await page.getByRole("searchbox", { name: "Search notes" }).fill("")
    await isUnharmed(page)

    // What failed says so in its words.
    await button(page, "Import a folder").click()
    await page.getByLabel("Folder on this computer").fill(`/nowhere/${words}`)
    await page.getByRole("button", { name: "Import", exact: true }).click()
    await page.getByRole("dialog").getByText(/onerror/).waitFor()
    await isUnharmed(page)
    await screenshot(page, "hostile/notebook-import")
    await page.getByRole("button", { name: "Close" }).click()

    for (const layout of ["Deck", "Solo", "List"]) {
      await page.getByRole("button", { name: layout, exact: true }).click()
      await isUnharmed(page)
    }
    await button(page, "History").click()
    await page.getByRole("complementary", { name: "History" }).getByText(words).first().waitFor()
    await isUnharmed(page)
    await page.reload()
    await note(page, words).click()
    await shows(field(page, "Title"), words)
    await isUnharmed(page)
  })

  it("from another program, and very long ones, leave the notebook as it is", async () => {
    const { id } = await call(notebook, "collection.create", { name: `${written} ${long}` })
    await call(notebook, "note.create", {
      title: long,
      body: `${written} ${long}`,
      tags: [long.slice(0, 3_000), written],
      collection: id
    })
    for (const title of attacks.filter((title) => !title.includes("\0"))) {
      await call(notebook, "note.create", { title, body: title, tags: [title] })
    }
    const page = await newPage()
    await page.goto(notebook.url)
    await page.getByRole("list", { name: "All notes" }).getByRole("button", { name: /^WWWW/ }).click()
    await shows(field(page, "Text"), `${written} ${long}`)
    await isUnharmed(page)
    await screenshot(page, "hostile/notebook-long")
    await page.setViewportSize(phone)
    await isUnharmed(page)
    await screenshot(page, "hostile/notebook-long-phone")
  })

  describeDevtools(newPage)
})

/** The devtools of an application that consists of nothing else. */
function describeDevtools(newPage: (options?: { viewport?: typeof phone }) => Promise<Page>): void {
  let server: Server
  beforeAll(async () => {
    server = await serveApp("test/browser/stories/fixtures/hostile.ts")
    const quiet = (key: string, input: unknown, actor = all.replaceAll(/[^\x20-\x7E]/g, "").slice(0, 400)) =>
      call(server, key, input, actor).catch(() => undefined)
    await quiet("evil.<img/src=x/onerror=hacked=9>\u202Eyas", { text: `${all} ${long}` })
    await quiet("evil.fail", {})
    await quiet("evil.fail", { why: all })
    await quiet("evil.die", null)
    await quiet("evil.words", null)
    await quiet("evil.fail", { why: { wrong: all } })
    await quiet("evil.long", null)
  })

  const routes = ["timeline", "operations", "history", "remote", "services"]

  for (const viewport of [undefined, phone]) {
    it(`are words on every panel of the devtools${viewport === undefined ? "" : ", on a phone"}`, async () => {
      const page = await newPage(viewport === undefined ? {} : { viewport })
      await page.goto(server.devtools)
      for (const route of routes) {
        await page.goto(`${server.devtools}#/${route}`)
        await page.getByRole("main").getByText(/onerror|script|svc|No |keeps no/)
          .filter({ visible: true }).first().waitFor()
        await isUnharmed(page)
        await screenshot(page, `hostile/devtools-${route}${viewport === undefined ? "" : "-phone"}`)
      }
      // Each invocation, with what it was given and what came of it.
      await page.goto(`${server.devtools}#/timeline`)
      const lines = page.getByRole("row").filter({ hasText: "evil" })
      await lines.first().waitFor()
      for (let i = 0; i < await lines.count(); i++) {
        await page.goto(`${server.devtools}#/timeline`)
        await lines.nth(i).click()
        await page.getByRole("region", { name: /evil/ }).waitFor()
        await isUnharmed(page)
      }
      await screenshot(page, `hostile/devtools-details${viewport === undefined ? "" : "-phone"}`)
      // Each operation, with its form.
      for (const key of ["evil.<img/src=x/onerror=hacked=9>\u202Eyas", "evil.fail", "evil.long", "evil.words"]) {
        await page.goto(`${server.devtools}#/operations/${encodeURIComponent(key)}`)
        await page.getByRole("button", { name: /^Invoke/ }).first().waitFor()
        await isUnharmed(page)
        await page.getByRole("button", { name: /^Invoke/ }).first().click()
        await isUnharmed(page)
        await screenshot(
          page,
          `hostile/devtools-operation-${key.slice(5, 9).replaceAll(/\W/g, "")}${viewport === undefined ? "" : "-phone"}`
        )
      }
      // An address can be hostile as well.
      for (const hash of attacks) {
        await page.goto(`${server.devtools}#/operations/${encodeURIComponent(hash)}?text=${encodeURIComponent(hash)}`)
        await page.goto(`${server.devtools}#/timeline/${encodeURIComponent(hash)}?text=${encodeURIComponent(hash)}`)
        await page.getByRole("main").waitFor()
        await isUnharmed(page)
      }
    })
  }
}
