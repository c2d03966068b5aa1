import { it } from "vitest"
import { inBrowser, screenshot, serveNotebook } from "../support/browser.ts"
import { desk } from "./desk.ts"

inBrowser("analysing a note", ({ newPage }) => {
  it("waits, queued, while the worker is stopped, and is answered when it is started", async (context) => {
    const server = await serveNotebook()
    const page = await newPage()
    await page.goto(server.url)
    await desk(page).newNote("Weather", "What a wonderful, happy day. The sun is lovely.")
    const worker = page.getByRole("switch")
    const unavailable = page.getByText(/^There is no worker here/)
    await worker.or(unavailable).waitFor()
    if (await unavailable.isVisible()) context.skip(`workerd cannot run here: ${await unavailable.textContent()}`)
    const running = page.getByRole("switch", { name: "Worker is running" })
    const stopped = page.getByRole("switch", { name: "Worker is stopped" })
    // It is started with the server.
    await running.waitFor({ timeout: 40_000 })
    await running.click()
    await stopped.waitFor()
    await page.getByRole("button", { name: "Analyse" }).click()
    await page.getByText(/^Queued: /).waitFor()
    await screenshot(page, "notebook/queued")
    await stopped.click()
    await page.getByText("in good spirits").waitFor({ timeout: 40_000 })
    await running.waitFor()
  })
})
