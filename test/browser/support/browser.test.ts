import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { assert, it } from "vitest"
import { allow, axe, inBrowser, serveApp } from "./browser.ts"
import { problemsOf } from "./problems.ts"
import { atEnd } from "./resources.ts"

const html = (body: string) => `<!doctype html><html lang="en"><title>t</title><body><main>${body}</main></body></html>`

/** A page with a strict policy. */
const serveHtml = async (body: string): Promise<string> => {
  const server = createServer((_, response) => {
    response.setHeader("content-type", "text/html")
    response.setHeader("content-security-policy", "default-src 'self'; script-src 'self' 'sha256-none'")
    response.end(html(body))
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  atEnd(() => void server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
}

inBrowser("the tests in a browser themselves", ({ newPage }) => {
  it("see errors, dialogs, violations of the policy and requests to other hosts", async () => {
    const page = await newPage()
    const uncaught = page.context().waitForEvent("weberror")
    await page.goto(await serveHtml("<h1>Hello</h1><script>1</script><img alt=\"\" src=\"http://other.test/x.png\">"))
    await page.evaluate(() => {
      console.error("printed")
      alert("hello")
      setTimeout(() => {
        throw new Error("uncaught")
      })
    })
    await uncaught
    const problems = problemsOf(page.context()).join("\n")
    for (
      const expected of [/printed/, /dialog: alert hello/, /uncaught/, /policy: script-src/, /another host|img-src/]
    ) {
      assert.match(problems, expected)
    }
    allow(page, /./)
    assert.deepStrictEqual(problemsOf(page.context()), [])
  })

  it("see what keeps people from using a page", async () => {
    const page = await newPage()
    await page.goto(await serveHtml("<h1>Hello</h1><button></button>"))
    const error = await axe(page).then(() => undefined, (error: Error) => error)
    assert.match(error?.message ?? "nothing", /button-name/)
    await page.goto(await serveHtml("<h1>Hello</h1><button>Go</button>"))
    await axe(page)
  })

  it("serve an application, end it and start it again at the same address", async () => {
    const server = await serveApp("test/cli/fixtures/served.ts")
    const call = () => fetch(`${server.url}/rpc`).then(({ status }) => status, () => "no answer")
    assert.isNumber(await call())
    await server.kill()
    assert.strictEqual(await call(), "no answer")
    await server.restart()
    assert.isNumber(await call())
  })
})
