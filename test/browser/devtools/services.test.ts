import type { Page } from "playwright-core"
import { assert, it } from "vitest"
import { axe, inBrowser, phone, screenshot } from "../support/browser.ts"
import { atEnd } from "../support/resources.ts"
import { startApp, startBare } from "./support/app.ts"

const start = async () => {
  const app = await startApp()
  atEnd(app.close)
  return app
}

const card = (page: Page, name: string) => page.getByRole("list", { name: "Services" }).getByRole("listitem", { name })

const memory = (page: Page) => page.getByRole("region", { name: "Memory", exact: true })

const chart = (page: Page, name: RegExp) => page.getByRole("img", { name }).first()

const pointsOf = async (page: Page, name: RegExp) => Number(await chart(page, name).getAttribute("data-points"))

inBrowser("the services panel", ({ newPage }) => {
  it("shows how each service is, and follows one that breaks, heals, gives up and is reopened", async () => {
    const app = await start()
    const page = await newPage()
    await page.goto(`${app.url}#/services`)
    await card(page, "cache").getByText("healthy", { exact: true }).first().waitFor()
    await card(page, "index").getByText("the index is being rebuilt").waitFor()
    await card(page, "index").getByText("degraded", { exact: true }).first().waitFor()
    await card(page, "mailer").getByText("It takes calls.").waitFor()

    app.machine.state.mailerBroken = true
    await page.getByText("mailer healed itself, after 1 attempt.").waitFor()
    await card(page, "mailer").getByText("healthy", { exact: true }).first().waitFor()

    app.machine.state.printerBroken = true
    await card(page, "printer").getByText("escalated").waitFor()
    await card(page, "printer").getByText("could not heal itself in 2 attempts").waitFor()
    await page.getByText(/^printer gave up healing itself after 2 attempts: it cannot heal itself: out of paper/)
      .waitFor()
    await screenshot(page, "devtools-services")
    await axe(page)

    app.machine.state.printerBroken = false
    await page.getByRole("button", { name: "Reopen printer" }).focus()
    await page.keyboard.press("Enter")
    await page.getByText("printer was reopened.").waitFor()
    await card(page, "printer").getByText("It takes calls.").waitFor()
  })

  it("draws figures over time; the table beside a chart has the same", async () => {
    const app = await start()
    const page = await newPage()
    await page.goto(`${app.url}#/services`)
    await chart(page, /^entries: 10 all the time$/).waitFor()
    const before = await pointsOf(page, /^entries/)
    app.machine.state.entries = 750
    await chart(page, /^entries: now 750, lowest 10, highest 750$/).waitFor()
    assert.isAbove(await pointsOf(page, /^entries/), before)
    // A figure that has changed changes the line.
    const line = () => chart(page, /^entries/).locator("path.chart-line").getAttribute("d")
    const drawn = await line()
    app.machine.state.entries = 20
    await chart(page, /^entries: now 20, lowest 10, highest 750$/).waitFor()
    assert.notStrictEqual(await line(), drawn)

    await card(page, "cache").getByText("Figures as a table").focus()
    await page.keyboard.press("Enter")
    const table = card(page, "cache").getByRole("table", { name: "cache over time" })
    assert.deepStrictEqual(await table.getByRole("columnheader").allTextContents(), [
      "Time",
      "health",
      "entries",
      "hit share",
      "used bytes"
    ])
    // Both are taken at once: another second may begin between two questions.
    const [rows, points] = await page.evaluate(() => {
      const service = document.querySelector(".service")!
      return [
        Array.from(service.querySelectorAll("tbody tr"), (row) => Array.from(row.children, (cell) => cell.textContent)),
        Array.from(service.querySelectorAll("svg[role=img]"), (svg) => svg.getAttribute("data-points"))
      ] as const
    })
    assert.isTrue(points.every((count) => count === String(rows.length)), `${points} and ${rows.length}`)
    const entries = rows.map((row) => row[2])
    assert.deepStrictEqual(Array.from(new Set(entries)), ["20", "750", "10"])
    assert.deepStrictEqual(new Set(rows.map((row) => row[1])), new Set(["healthy"]))

    // Away and back: what was measured is still there, and it went on.
    const count = await pointsOf(page, /^entries/)
    await page.getByRole("link", { name: "History" }).click()
    await page.getByRole("heading", { name: "Nothing to undo yet" }).waitFor()
    await page.getByRole("link", { name: "Services" }).click()
    await chart(page, /^entries: now 20, lowest 10, highest 750$/).waitFor()
    assert.isAtLeast(await pointsOf(page, /^entries/), count)
  })

  it("shows memory pressure as the kernel's files change, and what it does to the services", async () => {
    const app = await start()
    const page = await newPage({ colorScheme: "dark" })
    await page.goto(`${app.url}#/services`)
    const level = (name: string) => memory(page).locator(".service-head").getByText(name, { exact: true })
    await level("normal").waitFor()
    await memory(page).getByText("40 %", { exact: true }).waitFor()
    await app.machine.files.fill(0.8)
    await level("warning").waitFor()
    await app.machine.files.fill(0.9)
    await level("high").waitFor()
    await app.machine.files.fill(0.99)
    await level("critical").waitFor()
    await memory(page).getByText("99 %", { exact: true }).waitFor()
    await card(page, "cache").getByText("takes no calls while memory is critical").waitFor()
    await page.getByText(/^Memory went from high to critical, at 99 % of 1.07 GB\.$/).waitFor()
    await page.getByText(/^Memory stayed critical: .*cache.* shed load\.$/).waitFor()
    await screenshot(page, "devtools-services-critical")
    await axe(page)
    await app.machine.files.fill(0.3)
    await level("normal").waitFor()
    await chart(page, /^Pressure: now normal, lowest normal, highest critical$/).waitFor()
    await chart(page, /^Memory in use: now 30 %, lowest 30 %, highest 99 %$/).waitFor()
    await card(page, "cache").getByText("It takes calls.").waitFor()
    await memory(page).getByText("Figures as a table").click()
    const levels = await memory(page).locator("tbody tr td:last-child").allTextContents()
    assert.strictEqual(levels[0], "normal")
    assert.include(levels, "critical")
  })

  it("fits on a phone, and tells its figures where somebody points", async () => {
    await start().then(async (app) => {
      const page = await newPage({ viewport: phone, touch: true })
      await page.goto(`${app.url}#/services`)
      await chart(page, /^Memory in use: 40 %/).waitFor()
      await page.getByRole("button", { name: "10 min" }).click()
      assert.strictEqual(await page.getByRole("button", { name: "10 min" }).getAttribute("aria-pressed"), "true")
      await chart(page, /^Memory in use/).hover()
      await memory(page).locator(".chart-bubble").first().getByText(/^40 % · /).waitFor()
      await screenshot(page, "devtools-services-phone")
      await axe(page)
      assert.strictEqual(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth), 0)
    })
  })

  it("says how to get services where the application has none", async () => {
    const bare = await startBare()
    atEnd(bare.close)
    const page = await newPage()
    await page.goto(`${bare.url}#/services`)
    await page.getByRole("heading", { name: "This application has no managed services" }).waitFor()
    await page.getByText("ManagedServices.layer().pipe(").waitFor()
    await axe(page)
  })
})
