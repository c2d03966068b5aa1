/** The catalogue of the devtools, and the forms that are made of schemas. */
import type { Page } from "playwright-core"
import { assert, beforeAll, it } from "vitest"
import { axe, inBrowser, phone, screenshot, serveApp, type Server } from "../support/browser.ts"

const show = async (page: Page, server: Server, key: string): Promise<void> => {
  await page.goto(`${server.devtools}#/operations/${encodeURIComponent(key)}`)
  await page.getByRole("article").waitFor()
}

const invoke = (page: Page) => page.getByRole("button", { name: "Invoke", exact: true }).click()

const outcome = (page: Page, word: string) =>
  page.getByRole("region", { name: "Invoke" }).getByText(word, { exact: true })

inBrowser("the operations", ({ newPage }) => {
  let server: Server
  beforeAll(async () => {
    server = await serveApp("test/browser/devtools/fixtures/bus.ts")
  })

  it("are listed, searched, and described", async () => {
    const page = await newPage()
    await page.goto(`${server.devtools}#/operations`)
    const list = page.getByRole("navigation", { name: "Operations" })
    await list.getByText("13 operations").waitFor()
    await page.keyboard.press("/")
    await page.keyboard.type("take step")
    await list.getByText(/^\d of 13 operations/).waitFor()
    await list.getByRole("link", { name: /demo\.walk/ }).click()
    await page.getByRole("heading", { name: "A walk" }).waitFor()
    await page.getByText("Takes some steps, each an invocation of its own.").waitFor()
    await page.getByLabel("Input, as a type").getByText("steps: integer").waitFor()
    await page.getByRole("button", { name: "JSON Schema of input" }).click()
    await page.getByRole("group", { name: "JSON Schema of input" }).getByText("\"object\"").waitFor()
    await axe(page)
  })

  it("that are not exposed are shown, and say how that would change", async () => {
    const page = await newPage()
    await show(page, server, "demo.hidden")
    await page.getByText("does not expose it to the devtools").waitFor()
    assert.strictEqual(await page.getByRole("button", { name: "Invoke" }).count(), 0)
  })

  it("are invoked with a form for everything that a schema can say", async () => {
    const page = await newPage()
    await show(page, server, "demo.form")
    await page.getByLabel("Title").fill("A title")
    await page.getByLabel("amount", { exact: true }).fill("12.5")
    await page.getByLabel("count", { exact: true }).fill("3")
    await page.getByLabel("done", { exact: true }).check()
    await page.getByLabel("kind", { exact: true }).selectOption("large")
    await page.getByLabel("due: no value").uncheck()
    await page.getByLabel("due", { exact: true }).fill("2026-11-21T00:00:00.000Z")
    const tags = page.getByRole("group", { name: /^tags/ })
    await tags.getByRole("button", { name: "Add an item to tags" }).click()
    await tags.getByLabel("1", { exact: true }).fill("green")
    const place = page.getByRole("group", { name: /^place/ })
    await place.getByLabel("x", { exact: true }).fill("1")
    await place.getByLabel("y", { exact: true }).fill("Infinity")
    const pair = page.getByRole("group", { name: /^pair/ })
    await pair.getByLabel("1", { exact: true }).fill("two")
    await pair.getByLabel("2", { exact: true }).fill("2")
    const colours = page.getByRole("group", { name: /^colours/ })
    await colours.getByRole("button", { name: "Add an entry" }).click()
    await colours.getByLabel("Name 1").fill("sky")
    await colours.getByRole("textbox", { name: "sky" }).fill("blue")
    const shape = page.getByRole("group", { name: /^shape/ })
    await shape.getByLabel("Variant of shape").selectOption("Square")
    await shape.getByLabel("side", { exact: true }).fill("4")
    await page.getByRole("button", { name: "tree" }).click()
    const tree = page.getByRole("group", { name: /^tree/ })
    await tree.getByLabel("name", { exact: true }).fill("root")
    await tree.getByRole("button", { name: "Add an item to children" }).click()
    await tree.getByLabel("name", { exact: true }).nth(1).fill("leaf")
    await page.getByRole("button", { name: "anything" }).click()
    await page.getByLabel("anything", { exact: true }).fill("{\"a\":[1,null]}")
    await screenshot(page, "devtools/operations-form")
    await axe(page)
    await page.getByRole("button", { name: "JSON", exact: true }).click()
    assert.deepStrictEqual(JSON.parse(await page.getByLabel("Input as JSON").inputValue()), {
      title: "A title",
      amount: 12.5,
      count: 3,
      done: true,
      kind: "large",
      due: "2026-11-21T00:00:00.000Z",
      tags: ["green"],
      place: { x: 1, y: "Infinity" },
      pair: ["two", 2],
      colours: { sky: "blue" },
      shape: { _tag: "Square", side: 4 },
      tree: { name: "root", children: [{ name: "leaf", children: [] }] },
      anything: { a: [1, null] }
    })
    await page.getByRole("button", { name: "Form", exact: true }).click()
    await invoke(page)
    await outcome(page, "succeeded").waitFor()
    await page.getByRole("link", { name: "Show it in the timeline" }).click()
    await page.getByRole("region", { name: "demo.form" }).getByText("\"A title\"").first().waitFor()
    await page.getByRole("row").filter({ hasText: "demo.form" }).getByText("devtools").waitFor()
  })

  it("say at the field what is wrong: what the form sees, and what only the application knows", async () => {
    const page = await newPage()
    await show(page, server, "demo.form")
    await invoke(page)
    // Nothing was sent: there is no number in the field.
    await page.getByText("Enter a number.").first().waitFor()
    assert.isTrue(await page.getByLabel("Title").evaluate((field) => field === document.activeElement))
    assert.strictEqual(await outcome(page, "refused").count(), 0)

    await page.getByRole("button", { name: "JSON", exact: true }).click()
    const input = {
      title: "A title",
      slug: "Not A Slug",
      amount: 500,
      count: 1,
      done: false,
      kind: "small",
      due: null,
      tags: [],
      place: { x: 0, y: 0 },
      pair: ["", 0],
      colours: {},
      shape: { _tag: "Circle", radius: 1 }
    }
    await page.getByLabel("Input as JSON").fill(JSON.stringify(input))
    await page.getByRole("button", { name: "Form", exact: true }).click()
    await invoke(page)
    await outcome(page, "refused").waitFor()
    const field = page.getByLabel("slug", { exact: true })
    assert.strictEqual(await field.getAttribute("aria-invalid"), "true")
    await page.getByText(/The server says: /).waitFor()
    await screenshot(page, "devtools/operations-invalid")
    await field.fill("a-slug")
    await page.getByLabel("amount", { exact: true }).fill("50")
    await invoke(page)
    await outcome(page, "succeeded").waitFor()
  })

  it("show their own errors, and what the bus says", async () => {
    const page = await newPage()
    await show(page, server, "demo.find")
    await page.getByLabel("id", { exact: true }).fill("nobody")
    await page.keyboard.press("Control+Enter")
    await outcome(page, "failed").waitFor()
    await page.getByText("It failed with its own error:").waitFor()
    await page.getByRole("group", { name: "Error" }).getByText("There is nothing called nobody.").waitFor()
    await show(page, server, "demo.explode")
    await page.getByText("It takes no input.").waitFor()
    await invoke(page)
    await outcome(page, "failed").waitFor()
    assert.notInclude(await page.getByRole("main").innerText(), "a secret of the inside")
  })

  it("show how far they are, and are cancelled", async () => {
    const page = await newPage()
    await show(page, server, "demo.wait")
    await page.getByLabel("millis").fill("60000")
    await invoke(page)
    await page.getByRole("progressbar", { name: "Progress" }).waitFor()
    await page.getByRole("button", { name: "Cancel" }).click()
    await outcome(page, "interrupted").waitFor()
    await page.getByRole("link", { name: "Show it in the timeline" }).click()
    await page.getByRole("row").filter({ hasText: "demo.wait" }).getByText("interrupted").waitFor()
  })

  it("that are streams show their elements while they come, and are stopped", async () => {
    const page = await newPage()
    await show(page, server, "demo.count")
    await page.getByLabel("every").fill("20")
    await page.getByLabel("upTo").fill("3")
    await invoke(page)
    await page.getByText("3 elements").waitFor()
    await outcome(page, "succeeded").waitFor()
    const elements = page.getByRole("list", { name: "Elements" }).getByRole("listitem")
    assert.match(await elements.first().innerText(), /3\s*\{"n":2,"word":"cloud"\}/)
    await page.getByLabel("upTo").fill("1000000")
    await invoke(page)
    await elements.nth(5).waitFor()
    await page.getByRole("button", { name: "Stop" }).click()
    await outcome(page, "interrupted").waitFor()
  })

  it("with hostile names and words are words, on a phone too", async () => {
    const page = await newPage({ viewport: phone, touch: true })
    await page.goto(`${server.devtools}#/operations`)
    await page.getByRole("link", { name: /hostile\./ }).tap()
    await page.getByRole("article").waitFor()
    await invoke(page)
    await outcome(page, "succeeded").waitFor()
    await page.getByRole("link", { name: "All operations" }).tap()
    await page.getByRole("link", { name: /demo\.echo/ }).tap()
    await page.getByLabel("text", { exact: true }).fill("fail")
    await invoke(page)
    await outcome(page, "failed").waitFor()
    assert.strictEqual(await page.locator("img").count(), 0)
    assert.strictEqual(await page.evaluate(() => document.documentElement.scrollWidth), phone.width)
    await screenshot(page, "devtools/operations-phone")
    await axe(page)
  })
})
