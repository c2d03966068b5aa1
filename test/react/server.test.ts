import { assert, describe, it } from "@effect/vitest"
import { OpbusProvider } from "opbus/react"
import { Bus } from "opbus/reactivity"
import { createElement } from "react"
import { renderToReadableStream, renderToString } from "react-dom/server"
import { Counter } from "../reactivity/support.ts"
import { App } from "./fixtures/App.tsx"

describe("on a server", () => {
  it("every hook renders, always the same, and nothing is started", async () => {
    const counter = new Counter()
    const bus = Bus.make(counter.layer)
    const html = renderToString(createElement(App, { bus }))
    assert.strictEqual(renderToString(createElement(App, { bus })), html)
    const stream = await renderToReadableStream(createElement(App, { bus }))
    await stream.allReady
    assert.include(await new Response(stream).text(), "0 rows, connecting, idle")
    for (const text of ["loading", "Undo ", "0 rows, connecting, idle"]) assert.include(html, text)
    assert.strictEqual(bus.state.value._tag, "idle")
    assert.strictEqual(counter.built, 0)
  })

  it("a provider with a layer builds none, and renders its fallback", () => {
    const counter = new Counter()
    const { layer } = counter
    assert.strictEqual(renderToString(createElement(OpbusProvider, { layer }, "here")), "here")
    assert.strictEqual(renderToString(createElement(OpbusProvider, { layer, fallback: "wait" }, "here")), "wait")
    assert.strictEqual(counter.built, 0)
  })
})
