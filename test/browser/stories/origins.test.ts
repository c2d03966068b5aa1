/**
 * Other pages in the same browser, which a person has open beside the notebook: they get no answer, and change nothing.
 */
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import type { Page } from "playwright-core"
import { assert, beforeAll, it } from "vitest"
import { allow, call, inBrowser, launch, serveNotebook, type Server } from "../support/browser.ts"
import { atEnd } from "../support/resources.ts"

/** A page of somebody else, on another port of this machine. */
const serveForeign = async (): Promise<string> => {
  const server = createServer((_, response) => {
    response.setHeader("content-type", "text/html")
    response.end("<!doctype html><html lang=en><title>Foreign</title><body><h1>Free prizes</h1></body></html>")
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  atEnd(() => void server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** How often something got through, of everything a script of the page can send. */
const attackByScript = (page: Page, target: string): Promise<ReadonlyArray<string>> =>
  page.evaluate(async (target) => {
    const through: Array<string> = []
    const attempt = async (name: string, request: () => Promise<Response>) => {
      const response = await request().catch(() => undefined)
      if (response !== undefined && response.type !== "opaque" && response.ok) {
        through.push(`${name}: ${response.status} ${(await response.text()).slice(0, 80)}`)
      }
    }
    const input = JSON.stringify({ title: "planted" })
    for (const path of ["/", "/_opbus", "/_opbus/", "/rpc"]) {
      await attempt(`GET ${path}`, () => fetch(`${target}${path}`))
      await attempt(`GET ${path} no-cors`, () => fetch(`${target}${path}`, { mode: "no-cors" }))
    }
    for (const type of ["text/plain", "application/x-www-form-urlencoded", "application/json"]) {
      const init = { method: "POST", body: input, headers: { "content-type": type } }
      await attempt(`POST ${type}`, () => fetch(`${target}/rpc/note.create`, init))
      await attempt(`POST ${type} no-cors`, () => fetch(`${target}/rpc/note.create`, { ...init, mode: "no-cors" }))
    }
    await attempt("POST beacon", async () => {
      navigator.sendBeacon(`${target}/rpc/note.create`, input)
      return Response.error()
    })
    return through
  }, target)

const socketsThatOpen = (page: Page, target: string): Promise<ReadonlyArray<string>> =>
  page.evaluate(async (target) => {
    const ends = ["/ws", "/ws/binary", "/_opbus/app", "/_opbus/tools"].map((path) =>
      new Promise<string | undefined>((resolve) => {
        const socket = new WebSocket(target.replace("http", "ws") + path)
        socket.addEventListener("open", () => resolve(path))
        socket.addEventListener("close", () => resolve(undefined))
      })
    )
    return (await Promise.all(ends)).filter((path) => path !== undefined)
  }, target)

/** A form needs no script, and asks nobody. */
const postForm = async (page: Page, target: string, enctype: string): Promise<void> => {
  const answered = page.waitForEvent("requestfinished", (request) => request.url().startsWith(target))
    .catch(() => undefined)
  await page.evaluate(({ enctype, target }) => {
    const form = document.createElement("form")
    const frame = document.createElement("iframe")
    const field = document.createElement("input")
    frame.name = "away"
    Object.assign(form, { method: "post", action: `${target}/rpc/note.create`, enctype, target: "away" })
    Object.assign(field, { name: "{\"title\":\"planted\", \"body\":\"", value: "\"}" })
    form.append(field)
    document.body.append(frame, form)
    form.submit()
  }, { enctype, target })
  await answered
}

const titles = async (notebook: Server): Promise<ReadonlyArray<string>> =>
  (await call(notebook, "note.find", {})).map(({ title }: { readonly title: string }) => title)

inBrowser("pages of others", ({ newPage }) => {
  let notebook: Server
  let foreign: string

  beforeAll(async () => {
    notebook = await serveNotebook()
    foreign = await serveForeign()
    await call(notebook, "note.create", { title: "mine" })
  })

  for (const host of ["127.0.0.1", "localhost"]) {
    it(`get no answer by script, from ${host}`, async () => {
      const page = await newPage()
      allow(page, /^console:/)
      await page.goto(foreign.replace("127.0.0.1", host))
      assert.deepStrictEqual(await attackByScript(page, notebook.url), [])
      assert.deepStrictEqual(await attackByScript(page, notebook.url.replace("127.0.0.1", "localhost")), [])
      assert.deepStrictEqual(await titles(notebook), ["mine"])
    })

    it(`cannot connect, from ${host}`, async () => {
      const page = await newPage()
      allow(page, /^console:/)
      await page.goto(foreign.replace("127.0.0.1", host))
      assert.deepStrictEqual(await socketsThatOpen(page, notebook.url), [])
    })
  }

  it("cannot read what is there, not even whether it is", async () => {
    const page = await newPage()
    allow(page, /^console:/)
    await page.goto(foreign)
    const { src } = await sameOriginScript(notebook.url)
    const loaded = await page.evaluate(
      (sources) =>
        Promise.all(sources.map((source) =>
          new Promise<string | undefined>((resolve) => {
            const script = document.createElement("script")
            script.src = source
            script.addEventListener("load", () => resolve(source))
            script.addEventListener("error", () => resolve(undefined))
            document.body.append(script)
          })
        )),
      [src, `${notebook.url}/_opbus`, `${notebook.url}/rpc`]
    )
    assert.deepStrictEqual(loaded.filter((source) => source !== undefined), [])
  })

  it("cannot show it in a frame", async () => {
    const page = await newPage()
    allow(page, /^console:/)
    await page.goto(foreign)
    for (const path of ["/", "/_opbus"]) {
      await page.evaluate((source) => {
        const frame = document.createElement("iframe")
        frame.src = source
        document.body.append(frame)
        return new Promise((resolve) => frame.addEventListener("load", resolve))
      }, `${notebook.url}${path}`)
    }
    const frames = page.frames().slice(1)
    assert.strictEqual(frames.length, 2)
    for (const frame of frames) assert.match(frame.url(), /^chrome-error:/)
  })

  it("cannot post a form to it", async () => {
    const page = await newPage()
    allow(page, /^console:/)
    await page.goto(foreign)
    for (const enctype of ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"]) {
      await postForm(page, notebook.url, enctype)
    }
    assert.deepStrictEqual(await titles(notebook), ["mine"])
  })

  it("hold nothing of a window that they opened", async () => {
    const page = await newPage()
    allow(page, /^console:/)
    await page.goto(foreign)
    for (const path of ["/", "/_opbus"]) {
      const opened = page.context().waitForEvent("page")
      await page.evaluate((source) => void Object.assign(window, { held: window.open(source) }), notebook.url + path)
      const popup = await opened
      await popup.waitForLoadState()
      assert.isTrue(await popup.evaluate(() => window.opener === null), path)
      assert.isTrue(await page.evaluate(() => (globalThis as { held?: Window }).held!.closed), path)
    }
  })

  it("that took over a name of their own for this machine are refused like all others", async () => {
    const browser = await launch(["--host-resolver-rules=MAP rebound.test 127.0.0.1"])
    atEnd(() => browser.close())
    const page = await browser.newPage()
    const rebound = notebook.url.replace("127.0.0.1", "rebound.test")
    for (const path of ["/", "/_opbus", "/_opbus/"]) {
      assert.strictEqual((await page.goto(rebound + path))?.status(), 403, path)
    }
    await page.route(
      `${rebound}/prizes`,
      (route) => route.fulfill({ contentType: "text/html", body: "<h1>Prizes</h1>" })
    )
    await page.goto(`${rebound}/prizes`)
    assert.deepStrictEqual(await attackByScript(page, rebound), [])
    assert.deepStrictEqual(await socketsThatOpen(page, rebound), [])
    assert.deepStrictEqual(await titles(notebook), ["mine"])
  })

  it("do not keep its own page from working", async () => {
    const page = await newPage()
    await page.goto(notebook.url)
    await page.getByRole("button", { name: "New note" }).waitFor()
    assert.deepStrictEqual(await socketsThatOpen(page, notebook.url), [
      "/ws",
      "/ws/binary",
      "/_opbus/app",
      "/_opbus/tools"
    ])
  })
})

/** The script that the devtools page loads. */
const sameOriginScript = async (url: string): Promise<{ readonly src: string }> => {
  const html = await (await fetch(`${url}/_opbus`)).text()
  const source = /<script[^>]+src="([^"]+)"/.exec(html)?.[1]
  if (source === undefined) throw new Error(`there is no script in ${html}`)
  return { src: new URL(source, `${url}/_opbus/`).href }
}
