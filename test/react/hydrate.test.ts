// @vitest-environment happy-dom
import { assert, describe, it } from "@effect/vitest"
import { Bus } from "opbus/reactivity"
import { act, createElement, StrictMode } from "react"
import { hydrateRoot } from "react-dom/client"
import { renderToString } from "react-dom/server"
import { Add, Counter, Get } from "../reactivity/support.ts"
import { App } from "./fixtures/App.tsx"
import { pause, settled } from "./support.ts"

const hydrated = async (prepare: (bus: Bus.Bus<any>) => Promise<void>, use: (bus: Bus.Bus<any>) => Promise<void>) => {
  const complaints: Array<unknown> = []
  const { error } = console
  console.error = (...args: ReadonlyArray<unknown>) => complaints.push(args)
  const onServer = Bus.make(new Counter().layer)
  const element = document.createElement("div")
  element.innerHTML = renderToString(createElement(App, { bus: onServer }))
  document.body.append(element)
  const counter = new Counter()
  const bus = Bus.make(counter.layer)
  try {
    await prepare(bus)
    const root = await act(async () =>
      hydrateRoot(element, createElement(StrictMode, null, createElement(App, { bus })), {
        onRecoverableError: (problem) => complaints.push(problem)
      })
    )
    await use(bus)
    assert.deepStrictEqual(complaints, [])
    await act(async () => root.unmount())
  } finally {
    console.error = error
    await bus.dispose()
  }
  assert.strictEqual(counter.built, counter.closed)
}

describe("hydration", () => {
  it("fits what the server has rendered, and goes on", () =>
    hydrated(async () => {}, async () => {
      await settled(() => document.querySelector("output")!.textContent === "is 0, will be 0, idle, idle")
      await act(async () => document.querySelector<HTMLElement>("#add")!.click())
      await settled(() => document.querySelector("output")!.textContent === "is 1, will be 1, success, idle")
      await settled(() => document.querySelector("ol")!.textContent === "Add 1 live")
      await act(async () => document.querySelector<HTMLElement>("#undo")!.click())
      await settled(() => document.querySelector("ol")!.textContent === "Add 1 undone")
    }))

  it("fits also when the bus knows more than the server did", () =>
    hydrated(async (bus) => {
      const history = bus.history(undefined, { entries: true })
      const looking = [
        history,
        bus.connection,
        bus.invocations({ keys: [Add.key] }),
        bus.query(Get, { times: 1 })
      ]
      for (const observable of looking) observable.subscribe(() => {})
      await pause()
      await bus.operation(Add).invoke(7)
      await pause()
      assert.strictEqual(history.value.entries.length, 1)
    }, async () => {
      await settled(() => document.querySelector("ol")!.textContent === "Add 7 live")
      await settled(() => document.querySelector("#rows")!.textContent === "1 rows, connected, idle")
    }))
})
