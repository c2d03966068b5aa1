/** The timeline of the devtools, over the real protocol. */
import type { Page } from "playwright-core"
import { assert, beforeAll, it } from "vitest"
import { allow, axe, call, inBrowser, phone, screenshot, serveApp, type Server } from "../support/browser.ts"
import { showFrames } from "../support/frames.ts"

const grid = (page: Page) => page.getByRole("treegrid", { name: "Invocations" })

const rows = (page: Page) => grid(page).getByRole("row")

const row = (page: Page, text: string) => rows(page).filter({ hasText: text })

const count = async (page: Page): Promise<number> => Number(await grid(page).getAttribute("aria-rowcount")) - 1

/** The line at the top of what is read, and how far it is from the edge. */
const top = (page: Page) =>
  grid(page).evaluate((box) => {
    const edge = box.getBoundingClientRect().top + 28
    const lines = Array.from(box.querySelectorAll("[role=row]")).slice(1)
    const first = lines.map((line) => ({ id: line.id, at: Math.round(line.getBoundingClientRect().top - edge) }))
      .filter(({ at }) => at > -30)
      .sort((a, b) => a.at - b.at)[0]!
    return `${first.id} at ${first.at}`
  })

/** What the line says that the keyboard is at. */
const active = async (page: Page): Promise<string> => {
  const id = await grid(page).getAttribute("aria-activedescendant")
  return page.evaluate((id) => document.getElementById(id!)?.textContent ?? "", id)
}

inBrowser("the timeline", ({ newPage }) => {
  let server: Server
  beforeAll(async () => {
    server = await serveApp("test/browser/devtools/fixtures/bus.ts")
  })

  it("shows what happened before it was opened, and what happens, as a tree", async () => {
    await call(server, "demo.walk", { steps: 3 }, "ann")
    const page = await newPage()
    await page.goto(server.devtools)
    await row(page, "demo.walk").waitFor()
    assert.strictEqual(await count(page), 4)
    assert.deepStrictEqual(
      await rows(page).evaluateAll((lines) => lines.slice(1).map((line) => line.getAttribute("aria-level"))),
      ["1", "2", "2", "2"]
    )
    await row(page, "demo.walk").getByText("ann").waitFor()
    await call(server, "demo.mode", "deck")
    await row(page, "demo.mode").getByText("succeeded").waitFor()
    await call(server, "demo.find", { id: "nobody" }).catch(() => {})
    await row(page, "demo.find").getByText("failed").waitFor()
    await call(server, "demo.find", { id: "" }).catch(() => {})
    await row(page, "demo.find").getByText("refused").waitFor()
    await screenshot(page, "devtools/timeline-tree")
    await axe(page)
  })

  it("is used by keyboard alone", async () => {
    const page = await newPage()
    await page.goto(server.devtools)
    await row(page, "demo.walk").waitFor()
    await grid(page).focus()
    await page.keyboard.press("Home")
    assert.include(await active(page), "demo.walk")
    await page.keyboard.press("ArrowLeft")
    assert.strictEqual(await row(page, "demo.walk").getAttribute("aria-expanded"), "false")
    await page.keyboard.press("ArrowRight")
    assert.strictEqual(await row(page, "demo.walk").getAttribute("aria-expanded"), "true")
    await page.keyboard.press("ArrowRight")
    assert.include(await active(page), "demo.step")
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    const details = page.getByRole("region", { name: "demo.step" })
    await details.getByText("birch 1").waitFor()
    await page.keyboard.press("ArrowDown")
    await details.getByText("cloud 2").waitFor()
    await page.keyboard.press("ArrowLeft")
    await page.getByRole("region", { name: "demo.walk" }).waitFor()
    await page.keyboard.press("End")
    assert.include(await active(page), "demo.find")
    await page.keyboard.press("Escape")
    await page.getByRole("region", { name: "demo.find" }).waitFor({ state: "detached" })
    await page.keyboard.press("/")
    assert.isTrue(await page.getByRole("searchbox").evaluate((field) => field === document.activeElement))
  })

  it("says why something failed, and leads to what it belongs to", async () => {
    const page = await newPage()
    await page.goto(server.devtools)
    await row(page, "demo.find").filter({ hasText: "failed" }).click()
    const details = page.getByRole("region", { name: "demo.find" })
    await details.getByText("It failed with its own error").waitFor()
    await details.getByText("There is nothing called nobody.").waitFor()
    await row(page, "demo.find").filter({ hasText: "refused" }).click()
    await details.getByText(/Invalid input for "demo.find" at id/).waitFor()
    await row(page, "demo.step").first().click()
    await page.getByRole("region", { name: "demo.step" }).getByRole("link", { name: "demo.walk" }).first().click()
    await page.getByRole("region", { name: "demo.walk" }).waitFor()
    // An address leads there again, also in another window.
    const other = await newPage()
    await other.goto(page.url())
    await other.getByRole("region", { name: "demo.walk" }).waitFor()
  })

  it("shows what fits the filter, with what it stands below; the filter is part of the address", async () => {
    const page = await newPage()
    await page.goto(server.devtools)
    await row(page, "demo.walk").waitFor()
    await page.getByRole("searchbox", { name: "Search invocations" }).fill("cloud")
    await page.getByText(/^1 invocation of/).waitFor()
    assert.strictEqual(await count(page), 2)
    assert.include(await rows(page).nth(1).innerText(), "demo.walk")
    const other = await newPage()
    await other.goto(page.url())
    await other.getByText(/^1 invocation of/).waitFor()
    await page.keyboard.press("Escape")
    await page.getByLabel("Status").selectOption("failed")
    await page.getByText(/^1 invocation of/).waitFor()
    await page.getByLabel("Operation").selectOption("demo.mode")
    await page.getByRole("heading", { name: "Nothing fits the filter" }).waitFor()
    await page.getByRole("button", { name: "Remove the filter" }).click()
    await row(page, "demo.mode").waitFor()
  })

  it("takes what was typed when the field is left, however soon that is", async () => {
    const page = await newPage()
    await page.clock.install()
    await page.goto(server.devtools)
    const search = page.getByRole("searchbox", { name: "Search invocations" })
    await search.waitFor()
    // No pause in the typing is ever over.
    await page.clock.pauseAt(Date.now() + 60_000)
    for (const [word, key] of [["cloud", "Tab"], ["birch", "Enter"]] as const) {
      await search.fill(word)
      assert.notInclude(page.url(), word)
      await page.keyboard.press(key)
      assert.include(page.url(), word)
    }
  })

  it("does not move what is read when more happens, and follows the newest when asked", async () => {
    const page = await newPage()
    await page.goto(server.devtools)
    await call(server, "demo.burst", { invocations: 300, steps: 9 })
    await page.getByText(/^3\d\d invocations/).waitFor()
    await grid(page).hover()
    await page.mouse.wheel(0, -3_000)
    await page.getByRole("button", { name: "Newest" }).waitFor()
    await showFrames(page, 3)
    const before = await top(page)
    await call(server, "demo.burst", { invocations: 300, steps: 9 })
    await page.getByText(/^6\d\d invocations/).waitFor()
    await showFrames(page, 3)
    assert.strictEqual(await top(page), before)
    // Nor when it happens above: what began before goes on there.
    const slow = call(server, "demo.burst", { invocations: 90, steps: 1, pauseMillis: 200 })
    await page.waitForFunction(
      (least) => Number(document.querySelector("[role=treegrid]")!.getAttribute("aria-rowcount")) > least,
      (await count(page)) + 2
    )
    await call(server, "demo.burst", { invocations: 200, steps: 4 })
    await page.getByRole("button", { name: "Newest" }).click()
    await grid(page).hover()
    await page.mouse.wheel(0, -600)
    await page.getByRole("button", { name: "Newest" }).waitFor()
    await showFrames(page, 3)
    const reading = await top(page)
    const lines = await count(page)
    await page.waitForFunction(
      (least) => Number(document.querySelector("[role=treegrid]")!.getAttribute("aria-rowcount")) > least,
      lines + 4
    )
    await showFrames(page, 3)
    assert.strictEqual(await top(page), reading)
    await page.getByRole("button", { name: "Newest" }).click()
    await call(server, "demo.mode", "solo")
    await rows(page).last().getByText("demo.mode").waitFor()
    assert.isTrue(await rows(page).last().isVisible())
    await slow
  })

  it("can be held, and goes on with everything that happened meanwhile", async () => {
    const page = await newPage()
    await page.goto(server.devtools)
    await row(page, "demo.mode").first().waitFor()
    const before = await count(page)
    await page.getByRole("button", { name: "Pause" }).click()
    await call(server, "demo.walk", { steps: 2 })
    await page.getByRole("button", { name: "Resume · 6 new" }).click()
    await page.waitForFunction(
      (before) => Number(document.querySelector("[role=treegrid]")!.getAttribute("aria-rowcount")) - 1 === before + 3,
      before
    )
    await page.getByRole("button", { name: "Clear" }).click()
    await page.getByRole("heading", { name: "Nothing has happened yet" }).waitFor()
    await call(server, "demo.nothing", null)
    await row(page, "demo.nothing").waitFor()
    assert.strictEqual(await count(page), 1)
  })

  it("shows words as words, whatever they are, on a phone too", async () => {
    const page = await newPage({ viewport: phone, touch: true, colorScheme: "dark" })
    await page.goto(server.devtools)
    await call(server, "hostile.<img/src=x/onerror=alert(3)>\u202E\u0007", null)
    await row(page, "hostile.").tap()
    const details = page.getByRole("complementary", { name: "Details" })
    await details.getByText("show all").waitFor()
    await details.getByText("RLO").first().waitFor()
    assert.strictEqual(await page.locator("img").count(), 0)
    assert.strictEqual(await page.evaluate(() => document.documentElement.scrollWidth), phone.width)
    await screenshot(page, "devtools/timeline-phone-details")
    await axe(page)
    await details.getByRole("button", { name: "Close the details" }).tap()
    await screenshot(page, "devtools/timeline-phone")
    await axe(page)
  })

  it("says that the application was restarted, and goes on with what happens then", async () => {
    const page = await newPage()
    allow(page, /WebSocket/)
    await page.goto(server.devtools)
    void call(server, "demo.wait", { millis: 600_000 }).catch(() => {})
    await row(page, "demo.wait").getByText("running").waitFor()
    await server.kill()
    await page.getByText("The application cannot be reached.").waitFor()
    await screenshot(page, "devtools/timeline-disconnected")
    await server.restart()
    await page.getByText("The application cannot be reached.").waitFor({ state: "detached" })
    await page.getByText(/Invocations are missing: the server was restarted/).waitFor()
    await row(page, "demo.wait").getByText("interrupted").waitFor()
    await call(server, "demo.mode", "list")
    await rows(page).last().getByText("demo.mode").waitFor()
    await page.getByRole("button", { name: "Understood" }).click()
  })
})
