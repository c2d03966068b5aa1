/** The devtools with much to show. */
import type { Page } from "playwright-core"
import { assert, it } from "vitest"
import { call, inBrowser, screenshot, serveApp } from "../support/browser.ts"
import { answersDuring, type Frames, framesDuring, framesOfWork, showFrames } from "../support/frames.ts"

const invocations = 10_000

/** What the issue asks for. */
const mostPerFrame = 50
const mostPerAnswer = 200

const figure = (what: string, { count, max, median, p95 }: Frames): void =>
  console.log(`figure: ${what}: median ${median} ms, 95 % within ${p95} ms, longest ${max} ms (${count} frames)`)

/** How many milliseconds others on this machine take away from a frame, before something or after it: the more of both. */
const disturbance = async (page: Page, before = { p95: 0, max: 0 }): Promise<{ p95: number; max: number }> => {
  const { max, p95 } = await framesOfWork(page, 60)
  return { p95: Math.max(before.p95, Math.round(p95 - 17)), max: Math.max(before.max, Math.round(max - 17)) }
}

/** A machine that is busy with other things shows frames late, also those that cost little: that is not the page's doing. */
const isSmooth = async (page: Page, what: string, action: () => Promise<unknown>): Promise<void> => {
  const before = await disturbance(page)
  const frames = await framesDuring(page, action)
  figure(what, frames)
  const { p95 } = await disturbance(page, before)
  // What is done with the page takes its turn in the browser's process as well, not only in the page's.
  assert.isBelow(frames.p95, mostPerFrame + 2 * p95, `${what}: the 95th percentile, where others take ${p95} ms`)
}

const grid = (page: Page) => page.getByRole("treegrid", { name: "Invocations" })

const rows = async (page: Page): Promise<number> => Number(await grid(page).getAttribute("aria-rowcount")) - 1

inBrowser("10,000 invocations in the devtools", ({ newPage }) => {
  /** A page that has seen all 10,000, each on a line of its own. */
  const shown = async () => {
    const server = await serveApp("test/browser/stories/fixtures/busy.ts")
    const page = await newPage()
    await page.goto(server.devtools)
    await call(server, "work.run", { invocations })
    await page.getByText("10,000 invocations", { exact: true }).waitFor()
    await grid(page).press("*")
    assert.strictEqual(await rows(page), invocations)
    return { page, server }
  }

  it("are scrolled and filtered smoothly", async () => {
    const { page } = await shown()
    await screenshot(page, "frames/10000-invocations")
    figure("idle", await framesDuring(page, () => showFrames(page, 120)))

    await grid(page).hover()
    await isSmooth(page, "scrolling by wheel", async () => {
      for (let i = 0; i < 120; i++) await page.mouse.wheel(0, (i % 30 < 20 ? -1 : 1) * (200 + 40 * (i % 30)))
    })

    await isSmooth(page, "scrolling by keyboard", async () => {
      await grid(page).focus()
      // So many that a few late frames are not the 95th percentile.
      for (const key of ["Home", "End", "Home", "End"]) {
        await page.keyboard.press(key)
        for (let i = 0; i < 50; i++) await page.keyboard.press(key === "End" ? "PageUp" : "PageDown")
      }
    })

    const search = page.getByRole("searchbox", { name: "Search invocations" })
    await isSmooth(page, "filtering", async () => {
      for (const word of ["grape", "apple", "777"]) {
        await search.click()
        await page.keyboard.press("Control+A")
        await page.keyboard.type(word, { delay: 60 })
        await page.getByText(/^[\d,]+ invocations? of 10,000/).waitFor()
      }
      await search.fill("")
      await page.getByText("10,000 invocations", { exact: true }).waitFor()
      await page.getByLabel("Status").selectOption("failed")
      await page.getByText(/^[\d,]+ invocations? of 10,000/).waitFor()
    })
    await screenshot(page, "frames/filtered")
    const failed = Math.floor((invocations - 1 - 909) / 97)
    await page.getByText(`${failed} invocations of 10,000`, { exact: true }).waitFor()
  })

  it("may arrive while somebody works with the page", async () => {
    const { page, server } = await shown()
    const before = await disturbance(page)
    let waited: ReadonlyArray<number> = []
    let clicks = 0
    const clicked = new Set<string>()
    const arriving = await framesDuring(page, async () => {
      let done = false
      const run = call(server, "work.run", { invocations, pause: 1 }).finally(() => {
        done = true
      })
      waited = await answersDuring(page, async () => {
        while (!done || clicks < 12) {
          // One line and another: what happened there is shown beside.
          await page.mouse.click(300, 200 + (clicks++ % 6) * 60)
          await showFrames(page, 4)
          clicked.add(new URL(page.url()).hash)
        }
      })
      await run
    })
    assert.isAbove(clicked.size, 3, "lines that were shown beside")
    await page.getByText("20,000 invocations", { exact: true }).waitFor()
    figure("while 10,000 arrive", arriving)
    const longest = Math.round(Math.max(...waited))
    console.log(`figure: a click while 10,000 arrive: answered within ${longest} ms (${waited.length} clicks)`)
    const { max } = await disturbance(page, before)
    assert.isBelow(longest, mostPerAnswer + max, `milliseconds, where others take ${max} of a frame`)
  })
})
