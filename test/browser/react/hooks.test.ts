import { build } from "esbuild"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { join } from "node:path"
import { Bus } from "opbus/reactivity"
import type { Page } from "playwright-core"
import { createElement } from "react"
import { renderToString } from "react-dom/server"
import { afterAll, assert, beforeAll, it } from "vitest"
import { App } from "../../react/fixtures/App.tsx"
import { Counter } from "../../reactivity/support.ts"
import { inBrowser } from "../support/browser.ts"

/** The page as a server would send it: rendered there, with the script that makes it alive. */
const serve = async () => {
  const { outputFiles } = await build({
    entryPoints: [join(import.meta.dirname, "fixtures/page.tsx")],
    bundle: true,
    format: "esm",
    write: false,
    jsx: "automatic",
    conditions: ["opbus-source"],
    define: { "process.env.NODE_ENV": "\"development\"" }
  })
  const html = renderToString(createElement(App, { bus: Bus.make(new Counter().layer) }))
  const page = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Hooks</title>
    <link rel="icon" href="data:,"></head><body><main id="root">${html}</main><script type="module" src="/page.js"></script></body></html>`
  const server = createServer((request, response) => {
    const script = request.url === "/page.js"
    response.setHeader("content-type", script ? "text/javascript" : "text/html; charset=utf-8")
    response.end(script ? outputFiles[0]!.text : page)
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, close: () => server.close() }
}

inBrowser("hooks in a browser", ({ newPage }) => {
  let site: Awaited<ReturnType<typeof serve>>
  beforeAll(async () => {
    site = await serve()
  })
  afterAll(() => site.close())

  const shows = (page: Page, where: string, text: string) =>
    page.waitForFunction(
      ([where, text]) => document.querySelector(where!)?.textContent === text,
      [where, text] as const
    )

  // A mismatch would be an error in the console, which fails the test.
  it("hydrate what a server rendered, and work", async () => {
    const page = await newPage()
    await page.goto(site.url)
    await shows(page, "output", "is 0, will be 0, idle, idle")
    await page.getByRole("button", { name: "Add one" }).click()
    await shows(page, "output", "is 1, will be 1, success, idle")
    await page.getByRole("button", { name: "Add later" }).click()
    await shows(page, "output", "is 101, will be 101, success, success")
    await page.getByRole("button", { name: "Undo Add 1" }).click()
    await shows(page, "output", "is 100, will be 100, success, success")
  })

  it("take the keys of undo, but not those of a text field", async () => {
    const page = await newPage()
    await page.goto(site.url)
    await shows(page, "output", "is 0, will be 0, idle, idle")
    const add = page.getByRole("button", { name: "Add one" })
    await add.click()
    await add.click()
    await shows(page, "ol", "Add 1 liveAdd 1 live")
    const text = page.getByRole("textbox", { name: "Text" })
    await text.pressSequentially("words")
    await text.press("Control+z")
    assert.notStrictEqual(await text.inputValue(), "words")
    await shows(page, "ol", "Add 1 liveAdd 1 live")
    // The scope of the inner part has nothing to undo, and the page's keys are not asked there.
    await page.getByRole("button", { name: "Elsewhere" }).focus()
    await page.keyboard.press("Control+z")
    await add.focus()
    await shows(page, "ol", "Add 1 liveAdd 1 live")
    await page.keyboard.press("Control+z")
    await shows(page, "ol", "Add 1 liveAdd 1 undone")
    await page.keyboard.press("Control+Shift+Z")
    await shows(page, "ol", "Add 1 liveAdd 1 live")
    await page.keyboard.press("Control+z")
    await page.keyboard.press("Control+y")
    await shows(page, "ol", "Add 1 liveAdd 1 live")
  })

  it("render at most once per invocation, and in a burst at most once per frame", async () => {
    const page = await newPage()
    await page.goto(`${site.url}#counting`)
    await shows(page, "output", "is 0, will be 0, idle, idle")
    const { burst, calm, frames, heard } = await page.evaluate(async () => {
      const { bus, renders } = globalThis as unknown as { bus: Bus.Bus<any>; renders: Map<string, number> }
      const pause = (millis: number) => new Promise((resolve) => setTimeout(resolve, millis))
      const counts = () => ({ activity: renders.get("activity")!, history: renders.get("history")! })
      const since = (before: ReturnType<typeof counts>) => ({
        activity: counts().activity - before.activity,
        history: counts().history - before.history
      })
      const button = document.querySelector<HTMLElement>("#add")!
      const rows = bus.invocations({ keys: ["counter.add"], limit: 2_000 })
      await pause(100)

      let before = counts()
      for (let i = 0; i < 10; i++) {
        button.click()
        await pause(60)
      }
      const calm = since(before)

      let frames = 0
      let going = true
      const frame = () => {
        frames++
        if (going) requestAnimationFrame(frame)
      }
      // It is called at once when somebody begins to listen.
      let heard = -1
      const stop = rows.subscribe(() => heard++)
      before = counts()
      requestAnimationFrame(frame)
      for (let turn = 0; turn < 40; turn++) {
        for (let i = 0; i < 25; i++) button.click()
        await pause(1)
      }
      while (rows.value.length < 1_000) await pause(5)
      await pause(50)
      going = false
      stop()
      return { burst: since(before), calm, frames, heard }
    })
    console.log(
      `10 invocations: ${JSON.stringify(calm)}; 1,000 in ${frames} frames: ${JSON.stringify(burst)}, heard ${heard}`
    )
    assert.deepStrictEqual(calm, { activity: 10, history: 10 })
    assert.isAtMost(burst.activity, frames)
    assert.isAtMost(burst.history, frames)
    assert.isAtMost(heard, frames)
    await shows(page, "#rows", "1000 rows, connected, idle")
  })
})
