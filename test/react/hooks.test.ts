// @vitest-environment happy-dom
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Schema, Stream } from "effect"
import { Opbus, Operation } from "opbus"
import {
  OpbusProvider,
  useBus,
  useConnection,
  useHistory,
  useInvocations,
  useLatest,
  useOperation,
  useOptimisticOperation,
  useQuery,
  useUndoShortcuts
} from "opbus/react"
import { Bus, BusClient } from "opbus/reactivity"
import {
  act,
  Component,
  Profiler,
  type ReactNode,
  startTransition,
  StrictMode,
  Suspense,
  use,
  useLayoutEffect,
  useState
} from "react"
import { flushSync } from "react-dom"
import { Add, AddLater, Counter, Get } from "../reactivity/support.ts"
import { h, pause, render, settled } from "./support.ts"

class Boundary extends Component<{ readonly children?: ReactNode }, { readonly error?: Error }> {
  override state: { readonly error?: Error } = {}
  static getDerivedStateFromError = (error: Error) => ({ error })
  override render() {
    return this.state.error === undefined ? this.props.children : `caught ${this.state.error.message}`
  }
}

const UndoBar = () => {
  const { canUndo, redo, undo, undoMessage } = useHistory()
  return h(
    "p",
    null,
    h("button", { id: "undo", disabled: !canUndo, onClick: () => void undo() }, `Undo ${undoMessage ?? "nothing"}`),
    h("button", { id: "redo", onClick: () => void redo() }, "Redo")
  )
}

const Value = () => h("output", null, `value ${useQuery(Get, { times: 1 }, { refreshOn: [Add] }).data ?? "?"}`)

const AddButton = () => {
  const { invoke, status } = useOperation(Add)
  return h("button", { id: "add", onClick: () => void invoke(1) }, `Add (${status})`)
}

const in_ = (counter: Counter, ...children: ReadonlyArray<ReactNode>) =>
  h(OpbusProvider, { layer: counter.layer }, ...children)

describe("hooks", () => {
  it("invoke, undo and show what there is", async () => {
    const counter = new Counter()
    const screen = await render(in_(counter, h(AddButton), h(UndoBar), h(Value)))
    await settled(() => screen.text().includes("value 0"))
    await screen.click("add")
    assert.include(screen.text(), "Add (success)")
    await settled(() => screen.text().includes("value 1") && screen.text().includes("Undo Add 1"))
    await screen.click("undo")
    await settled(() => screen.text().includes("Undo nothing"))
    assert.strictEqual(counter.value, 0)
    await screen.unmount()
    await pause()
    assert.deepStrictEqual([counter.built, counter.closed], [1, 1])
  })

  it("render a synchronous operation in the turn in which it is invoked", async () => {
    const counter = new Counter()
    const screen = await render(in_(counter, h(AddButton)))
    const seen: Array<string> = []
    act(() => {
      screen.element.querySelector<HTMLElement>("#add")!.click()
      seen.push(String(counter.value))
    })
    seen.push(screen.text())
    assert.deepStrictEqual(seen, ["1", "Add (success)"])
  })

  it("build a layer once under StrictMode, and leave nothing open", async () => {
    const counter = new Counter()
    const screen = await render(h(StrictMode, null, in_(counter, h(AddButton), h(UndoBar), h(Value))))
    await settled(() => screen.text().includes("value 0"))
    await pause()
    assert.deepStrictEqual([counter.built, counter.closed], [1, 0])
    await screen.click("add")
    await settled(() => screen.text().includes("value 1"))
    await screen.unmount()
    await pause()
    assert.deepStrictEqual([counter.built, counter.closed], [1, 1])
  })

  it("start nothing for a tree that is never mounted", async () => {
    const counter = new Counter()
    const never = new Promise<void>(() => {})
    const Waiting = () => {
      use(never)
      return null
    }
    const screen = await render(
      h(Suspense, { fallback: "waiting" }, in_(counter, h(AddButton), h(UndoBar), h(Waiting)))
    )
    await pause()
    assert.strictEqual(screen.text(), "waiting")
    await screen.unmount()
    await pause()
    assert.strictEqual(counter.built, counter.closed)
    assert.strictEqual(counter.built, 0)
  })

  it("build anew when mounted again, and keep a bus that was passed in", async () => {
    const counter = new Counter()
    const bus = Bus.make(counter.layer)
    const screen = await render(h(OpbusProvider, { bus }, h(AddButton)))
    await screen.render(null)
    await pause()
    assert.strictEqual(bus.state.value._tag, "ready")
    await screen.render(in_(counter, h(AddButton)))
    await screen.click("add")
    await screen.render(null)
    await screen.render(in_(counter, h(AddButton)))
    await screen.click("add")
    assert.strictEqual(counter.value, 2)
    await bus.dispose()
    await screen.unmount()
    await pause()
    assert.deepStrictEqual([counter.built, counter.closed], [3, 3])
  })

  it("show the fallback until the layer is there, and the error of one that fails in the boundary", async () => {
    const counter = new Counter()
    let go = () => {}
    const slow = counter.layer.pipe(
      Layer.tap(() =>
        Effect.callback<void>((resume) => {
          go = () => resume(Effect.void)
        })
      )
    )
    const screen = await render(h(OpbusProvider, { layer: slow, fallback: "one moment" }, "here"))
    assert.strictEqual(screen.text(), "one moment")
    await act(async () => go())
    await settled(() => screen.text() === "here")
    const broken = counter.layer.pipe(Layer.tap(() => Effect.fail(new Error("no database"))))
    const { error } = console
    console.error = () => {}
    await screen.render(h(Boundary, { key: "b" }, h(OpbusProvider, { layer: broken }, "here")))
    await settled(() => screen.text() === "caught no database")
    console.error = error
  })

  it("say what to do without a provider", async () => {
    const Lost = () => h("p", null, useBus().state.value._tag)
    const { error } = console
    console.error = () => {}
    const screen = await render(h(Boundary, null, h(Lost)))
    console.error = error
    assert.include(screen.text(), "There is no bus here. Put the component below an <OpbusProvider>.")
  })

  it("interrupt on unmount only where they are asked to", async () => {
    const counter = new Counter()
    const Later = ({ cancelOnUnmount }: { readonly cancelOnUnmount: boolean }) => {
      const { invoke, progress, status } = useOperation(AddLater, { cancelOnUnmount })
      return h("button", { id: "later", onClick: () => void invoke({ by: 1 }) }, `${status} ${progress ?? ""}`)
    }
    const App = ({ cancel }: { readonly cancel: boolean | undefined }) =>
      in_(counter, cancel === undefined ? null : h(Later, { key: String(cancel), cancelOnUnmount: cancel }))
    const screen = await render(h(App, { cancel: true }))
    await screen.click("later")
    await settled(() => screen.text() === "pending 0.5")
    await screen.render(h(App, { cancel: undefined }))
    assert.strictEqual(counter.interrupted, 1)
    await screen.render(h(App, { cancel: false }))
    await screen.click("later")
    await settled(() => counter.running === 1)
    await screen.render(h(App, { cancel: undefined }))
    await pause()
    assert.deepStrictEqual([counter.interrupted, counter.running], [1, 1])
    counter.release()
    await settled(() => counter.value === 1)
  })

  it("tell how a call ended, with the newest callbacks", async () => {
    const counter = new Counter()
    const told: Array<string> = []
    const Later = () => {
      const [name, setName] = useState("first")
      const { error, invoke } = useOperation(AddLater, {
        onSuccess: (output, input) => told.push(`${name} ${output} ${input.by}`),
        onError: (error, input) => told.push(`${name} ${"_tag" in error ? error._tag : error.name} ${input.by}`)
      })
      const call = (fail: boolean) => {
        setName("second")
        void invoke({ by: 1, fail })
      }
      return h(
        "p",
        null,
        h("button", { id: "good", onClick: () => call(false) }),
        h("button", { id: "bad", onClick: () => call(true) }),
        error?.message
      )
    }
    const screen = await render(in_(counter, h(Later)))
    await screen.click("good")
    act(() => counter.release())
    await settled(() => told.length === 1)
    await screen.click("bad")
    act(() => counter.release())
    await settled(() => told.length === 2)
    assert.deepStrictEqual(told, ["second 1 1", "second Refused 1"])
  })

  it("do not tear while a transition renders", async () => {
    const counter = new Counter()
    const bus = Bus.make(counter.layer)
    bus.start()
    const add = bus.operation(Add)
    const shown: Array<string> = []
    let release = () => {}
    const block = new Promise<void>((resolve) => {
      release = resolve
    })
    const Part = () => {
      const { output } = useShared()
      return h("i", null, `${output ?? 0} `)
    }
    const useShared = () => {
      const rows = useInvocations()
      return { output: rows.length }
    }
    const Slow = () => {
      use(block)
      return null
    }
    let show: (value: boolean) => void
    const App = () => {
      const [more, setMore] = useState(false)
      show = setMore
      return h(
        Suspense,
        { fallback: "…" },
        h(Part),
        h(Part),
        more ? h("span", null, h(Part), h(Slow), h(Part)) : null
      )
    }
    const screen = await render(h(OpbusProvider, { bus }, h(App)))
    await act(async () => startTransition(() => show(true)))
    for (let i = 0; i < 3; i++) {
      void add.invoke(1)
      await pause(40)
      shown.push(screen.text())
    }
    assert.deepStrictEqual(shown, ["1 1 ", "2 2 ", "3 3 "])
    await act(async () => release())
    await settled(() => screen.text() === "3 3 3 3 ")
    await act(() => bus.dispose())
  })

  it("render at most once per invocation, and at most once per frame in a burst", async () => {
    const counter = new Counter()
    const bus = Bus.make(counter.layer)
    bus.start()
    const renders = { rows: 0, history: 0, operation: 0 }
    const Rows = () => h("i", null, useInvocations().length)
    const History = () => h("i", null, useHistory().undoCount)
    const Operation = () => {
      const { invoke, output } = useOperation(Add)
      return h("button", { id: "burst", onClick: () => Array.from({ length: 100 }, () => void invoke(1)) }, output)
    }
    const counted = (id: keyof typeof renders, child: ReactNode) =>
      h(Profiler, { id, onRender: () => renders[id]++ }, child)
    const screen = await render(
      h(
        OpbusProvider,
        { bus },
        counted("rows", h(Rows)),
        counted("history", h(History)),
        counted("operation", h(Operation))
      )
    )
    await pause()
    const add = bus.operation(Add)
    const before = { ...renders }
    for (let i = 0; i < 10; i++) {
      void add.invoke(1)
      await pause(40)
    }
    assert.deepStrictEqual(
      { rows: renders.rows - before.rows, history: renders.history - before.history },
      { rows: 10, history: 10 }
    )
    assert.strictEqual(renders.operation, before.operation)
    const calm = { ...renders }
    await screen.click("burst")
    await pause()
    assert.isAtMost(renders.rows - calm.rows, 2)
    assert.isAtMost(renders.history - calm.history, 2)
    assert.strictEqual(renders.operation - calm.operation, 1)
    assert.include(screen.text(), "110110110")
    await act(() => bus.dispose())
  })

  it("show what is expected, and take it back in order", async () => {
    const counter = new Counter()
    const shown: Array<string> = []
    let call: (input: { readonly by: number; readonly fail?: boolean }) => Promise<unknown>
    let bus: Bus.Bus<any>
    const Optimistic = () => {
      bus = useBus()
      const { data = 0 } = useQuery(Get, { times: 1 }, { refreshOn: [AddLater] })
      const [value, { invoke }] = useOptimisticOperation(AddLater, {
        value: String(data),
        apply: (value, { by }) => `${value}+${by}`
      })
      call = invoke
      useLayoutEffect(() => {
        if (shown.at(-1) !== value) shown.push(value)
      })
      return h("p", null, value)
    }
    const screen = await render(in_(counter, h(Optimistic)))
    await settled(() => counter.gets === 1)
    let calls: ReadonlyArray<Promise<unknown>> = []
    await act(async () => {
      calls = [call({ by: 1 }), call({ by: 20, fail: true }), call({ by: 300 })]
    })
    assert.strictEqual(screen.text(), "0+1+20+300")
    await act(async () => {
      counter.release()
      await calls[0]
    })
    await settled(() => screen.text() === "1+20+300")
    await act(async () => {
      counter.release()
      await calls[1]
    })
    assert.strictEqual(screen.text(), "1+300")
    await act(async () => {
      counter.release()
      await calls[2]
    })
    await settled(() => screen.text() === "301")
    // Nothing was ever counted twice, and nothing that succeeded went away in between.
    assert.notInclude(shown, "1+1+20+300")
    assert.deepStrictEqual(
      shown.filter((value) => value !== "0+1+20" && value !== "0+1"),
      ["0", "0+1+20+300", "1+20+300", "1+300", "301"]
    )
    await act(async () => void call({ by: 5 }))
    assert.strictEqual(screen.text(), "301+5")
    await settled(() => counter.running === 1)
    await act(async () => {
      void bus.operation(Add).invoke(0)
    })
    await screen.unmount()
  })

  it("do not apply twice what the value contains already", async () => {
    const counter = new Counter()
    let call: (input: { readonly by: number }) => Promise<unknown>
    const Optimistic = () => {
      const [total, setTotal] = useState(0)
      const [shown, { invoke }] = useOptimisticOperation(AddLater, {
        value: total,
        apply: (value, { by }) => value + by,
        // The new value is on screen before the promise of the call resolves.
        onSuccess: (output) => flushSync(() => setTotal(output))
      })
      call = invoke
      return h("p", null, shown)
    }
    const screen = await render(in_(counter, h(Optimistic)))
    let calls: ReadonlyArray<Promise<unknown>> = []
    await act(async () => {
      calls = [call({ by: 1 }), call({ by: 10 })]
    })
    assert.strictEqual(screen.text(), "11")
    for (const [which, text] of [[0, "11"], [1, "11"]] as const) {
      await act(async () => {
        counter.release()
        await calls[which]
      })
      assert.strictEqual(screen.text(), text)
    }
  })

  it("follow the newest element of a stream", async () => {
    const Watch = Operation.make({
      meta: { key: "watch" },
      input: Schema.Struct({ from: Schema.Number }),
      output: Schema.Number,
      stream: true
    })
    let stopped = 0
    const watch = Watch.toLayer(({ from }) =>
      Stream.make(from, from + 1).pipe(
        Stream.concat(from > 100 ? Stream.empty : Stream.never),
        Stream.ensuring(Effect.sync(() => stopped++))
      )
    )
    const layer = BusClient.layer.pipe(Layer.provideMerge(watch), Layer.provideMerge(Opbus.layer))
    const Newest = ({ from }: { readonly from: number }) => {
      const { ended, loading, value } = useLatest(Watch, { from })
      return h("p", null, `${loading ? "loading" : value}${ended ? " ended" : ""}`)
    }
    const App = (props: { readonly from?: number }) =>
      h(OpbusProvider, { layer }, props.from === undefined ? null : h(Newest, { from: props.from }))
    const screen = await render(h(App, { from: 1 }))
    await settled(() => screen.text() === "2")
    await screen.render(h(App, { from: 1 }))
    await pause()
    assert.strictEqual(stopped, 0)
    await screen.render(h(App, { from: 500 }))
    await settled(() => screen.text() === "501 ended")
    await screen.render(h(App, {}))
    await pause()
    assert.strictEqual(stopped, 2)
  })

  it("follow the input of a query, keep the previous answer where asked to, and can rest", async () => {
    const counter = new Counter()
    counter.value = 1
    const seen: Array<string> = []
    const Times = ({ enabled = true, times }: { readonly times: number; readonly enabled?: boolean }) => {
      const { data, loading, refreshing } = useQuery(Get, { times }, { enabled, keepPrevious: true })
      const text = `${data ?? "none"}${loading ? " loading" : ""}${refreshing ? " refreshing" : ""}`
      if (seen.at(-1) !== text) seen.push(text)
      return h("p", null, text)
    }
    const screen = await render(in_(counter, h(Times, { times: 1 })))
    await settled(() => screen.text() === "1")
    await screen.render(in_(counter, h(Times, { times: 1 })))
    await pause()
    assert.strictEqual(counter.gets, 1)
    await screen.render(in_(counter, h(Times, { times: 7 })))
    await settled(() => screen.text() === "7")
    assert.deepStrictEqual(seen, ["none loading", "1", "1 refreshing", "7"])
    await screen.render(in_(counter, h(Times, { times: 9, enabled: false })))
    await pause()
    assert.strictEqual(counter.gets, 2)
  })

  it("say that it is connected where there is no server", async () => {
    const Connection = () => h("p", null, useConnection())
    const screen = await render(in_(new Counter(), h(Connection)))
    await settled(() => screen.text() === "connected")
  })
})

describe("useUndoShortcuts", () => {
  const press = (target: EventTarget, key: string, more: KeyboardEventInit = {}) => {
    const event = new KeyboardEvent("keydown", {
      key,
      ctrlKey: true,
      bubbles: true,
      composed: true,
      cancelable: true,
      ...more
    })
    act(() => void target.dispatchEvent(event))
    return event.defaultPrevented
  }

  it("undoes and redoes for the page, and leaves text fields alone", async () => {
    const counter = new Counter()
    const told: Array<string> = []
    const Page = () => {
      useUndoShortcuts({
        onUndo: ({ message }) => told.push(`undo ${message}`),
        onRedo: ({ message }) => told.push(`redo ${message}`),
        onError: (error) => told.push((error as Error).message)
      })
      return h(
        "div",
        null,
        h(AddButton),
        h("input", { id: "text" }),
        h("input", { id: "check", type: "checkbox" }),
        h("textarea", { id: "area" }),
        h("select", { id: "list" }),
        h("div", { id: "edit", contentEditable: true, suppressContentEditableWarning: true }, "words")
      )
    }
    const screen = await render(in_(counter, h(Page)))
    const by = (id: string) => screen.element.querySelector(`#${id}`)!
    await screen.click("add")
    for (const id of ["text", "area", "list", "edit"]) assert.isFalse(press(by(id), "z"), id)
    assert.isFalse(press(document.body, "z", { ctrlKey: false }))
    assert.isFalse(press(document.body, "z", { altKey: true }))
    assert.isFalse(press(document.body, "z", { isComposing: true }))
    assert.isFalse(press(document.body, "z", { ctrlKey: false, metaKey: true }))
    assert.isFalse(press(document.body, "x"))
    assert.strictEqual(counter.value, 1)
    assert.isTrue(press(by("check"), "z"))
    await settled(() => told.length === 1)
    assert.isTrue(press(document.body, "Z", { shiftKey: true }))
    await settled(() => told.length === 2)
    assert.isTrue(press(document.body, "я", { code: "KeyZ" }))
    await settled(() => told.length === 3)
    assert.isTrue(press(document.body, "y"))
    await settled(() => told.length === 4)
    assert.isTrue(press(document.body, "y"))
    await settled(() => told.length === 5)
    assert.deepStrictEqual(told, ["undo Add 1", "redo Add 1", "undo Add 1", "redo Add 1", "There is nothing to redo."])
    await screen.unmount()
    assert.isFalse(press(document.body, "z"))
  })

  it("takes the Cmd key on a Mac, and leaves Ctrl to the system", async () => {
    const counter = new Counter()
    const Page = () => {
      useUndoShortcuts()
      return h(AddButton)
    }
    const platform = Object.getOwnPropertyDescriptor(Navigator.prototype, "platform")
    Object.defineProperty(navigator, "platform", { value: "MacIntel", configurable: true })
    try {
      const screen = await render(in_(counter, h(Page)))
      await screen.click("add")
      assert.isFalse(press(document.body, "z"))
      assert.isFalse(press(document.body, "y", { ctrlKey: false, metaKey: true }))
      assert.isTrue(press(document.body, "z", { ctrlKey: false, metaKey: true }))
      await settled(() => counter.value === 0)
      assert.isTrue(press(document.body, "z", { ctrlKey: false, metaKey: true, shiftKey: true }))
      await settled(() => counter.value === 1)
    } finally {
      delete (navigator as any).platform
      if (platform !== undefined) Object.defineProperty(Navigator.prototype, "platform", platform)
    }
  })

  it("belongs to the innermost place with the focus, of any provider", async () => {
    const told: Array<string> = []
    const Place = ({ children, id }: { readonly id: string; readonly children?: ReactNode }) => {
      const [ref] = useState<{ current: HTMLElement | null }>({ current: null })
      useUndoShortcuts({ ref, onUndo: () => told.push(id) })
      const { invoke } = useOperation(Add)
      return h(
        "section",
        { ref },
        h("button", { id, onClick: () => void invoke(1) }),
        h("button", { id: `${id}-inside` }),
        children
      )
    }
    const Whole = () => {
      useUndoShortcuts({ onUndo: () => told.push("page") })
      const { invoke } = useOperation(Add)
      return h("button", { id: "page", onClick: () => void invoke(1) })
    }
    const [one, two] = [new Counter(), new Counter()]
    const screen = await render(h(
      "main",
      null,
      in_(one, h(Whole), h(Place, { id: "outer" }, in_(two, h(Place, { id: "inner" })))),
      h("button", { id: "outside" })
    ))
    for (const id of ["page", "page", "page", "inner", "inner", "inner"]) await screen.click(id)
    const by = (id: string) => screen.element.querySelector(`#${id}`)!
    for (const [at, by_] of [["inner-inside", 1], ["outer-inside", 2], ["outside", 3]] as const) {
      assert.isTrue(press(by(at), "z"))
      await settled(() => told.length === by_)
    }
    assert.deepStrictEqual(told, ["inner", "outer", "page"])
    assert.deepStrictEqual([one.value, two.value], [1, 2])
  })
})
