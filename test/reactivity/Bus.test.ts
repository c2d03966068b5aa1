import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, ManagedRuntime, Schema } from "effect"
import { AtomRegistry } from "effect/reactivity"
import { Operation, OperationContext, OperationInvoker, OperationRegistry } from "opbus"
import { Bus, BusClient, type Observable, toAtom } from "opbus/reactivity"
import { from, map } from "rxjs"
import { Add, AddLater, Counter, frames, Get, Refused, until } from "./support.ts"

const heard = <A>(observable: Observable<A>) => {
  const values: Array<A> = []
  const stop = observable.subscribe((value) => values.push(value))
  return { values, stop }
}

const withBus = async (use: (bus: Bus.Bus<any>, counter: Counter) => Promise<void>): Promise<void> => {
  const counter = new Counter()
  const bus = Bus.make(counter.layer)
  try {
    await use(bus, counter)
  } finally {
    await bus.dispose()
  }
  assert.strictEqual(counter.closed, counter.built)
}

describe("Bus", () => {
  it("starts nothing before it is needed, and closes what it has built", async () => {
    const counter = new Counter()
    const bus = Bus.make(counter.layer)
    const history = bus.history()
    assert.deepStrictEqual([bus.state.value._tag, history.value.loading, bus.invocations().value], ["idle", true, []])
    assert.strictEqual(counter.built, 0)
    bus.start()
    assert.strictEqual(bus.state.value._tag, "ready")
    assert.strictEqual(counter.built, 1)
    await bus.dispose()
    await bus.dispose()
    assert.strictEqual(counter.closed, 1)
    const exit = await bus.operation(Add).invoke(1)
    assert.strictEqual(exit._tag, "Failure")
  })

  it("leaves a runtime open that it was given, and takes a context too", async () => {
    const counter = new Counter()
    const runtime = ManagedRuntime.make(counter.layer)
    const bus = Bus.make(runtime)
    await bus.operation(Add).invoke(1)
    await bus.dispose()
    assert.strictEqual(counter.closed, 0)
    const other = Bus.make(await runtime.context())
    await other.operation(Add).invoke(1)
    await other.dispose()
    assert.strictEqual(counter.value, 2)
    await runtime.dispose()
    assert.strictEqual(counter.closed, 1)
  })

  it("says why its layer cannot be built", async () => {
    const bus = Bus.make(BusClient.layer.pipe(
      Layer.provideMerge(OperationInvoker.layer),
      Layer.provideMerge(OperationRegistry.layer),
      Layer.tap(() => Effect.fail(new Refused({ why: "no database" })))
    ))
    const states = heard(bus.state)
    bus.start()
    const state = states.values.at(-1)!
    assert.isTrue(state._tag === "failed" && state.error instanceof Refused)
    await bus.dispose()
  })

  it("has run what is synchronous when invoke returns, and says so at once", () =>
    withBus(async (bus, counter) => {
      bus.start()
      const add = bus.operation(Add)
      const states = heard(add)
      const outcome = add.invoke(5)
      assert.strictEqual(counter.value, 5)
      assert.strictEqual(add.value.status, "success")
      assert.strictEqual(states.values.at(-1)!.output, 5)
      assert.strictEqual(states.values.length, 2)
      assert.strictEqual((await outcome)._tag, "Success")
    }))

  it("shows progress, outcome and failure of what takes time; a promise never rejects", () =>
    withBus(async (bus, counter) => {
      const add = bus.operation(AddLater)
      const states = heard(add)
      const first = add.invoke({ by: 2 })
      assert.strictEqual(add.value.status, "pending")
      await until(() => add.value.progress === 0.5)
      counter.release()
      assert.strictEqual((await first)._tag, "Success")
      assert.deepStrictEqual(add.value, {
        status: "success",
        pending: false,
        progress: undefined,
        output: 2,
        error: undefined
      })
      counter.release()
      const second = await add.invoke({ by: 2, fail: true })
      assert.strictEqual(second._tag, "Failure")
      assert.strictEqual(add.value.status, "failure")
      assert.instanceOf(add.value.error, Refused)
      assert.strictEqual(add.value.output, 2)
      await frames()
      assert.deepStrictEqual(states.values.at(-1), add.value)
      add.reset()
      assert.strictEqual(add.value.status, "idle")
    }))

  it("interrupts the handler on cancel", () =>
    withBus(async (bus, counter) => {
      const add = bus.operation(AddLater)
      const outcome = add.invoke({ by: 1 })
      await until(() => counter.running === 1)
      add.cancel()
      assert.strictEqual((await outcome)._tag, "Failure")
      assert.strictEqual(add.value.status, "interrupted")
      assert.strictEqual(counter.interrupted, 1)
      assert.strictEqual(counter.value, 0)
    }))

  it("shows the newest of overlapping calls, or all of them", () =>
    withBus(async (bus, counter) => {
      const latest = bus.operation(AddLater)
      const all = bus.operation(AddLater, { concurrency: "all" })
      const calls = [latest.invoke({ by: 1 }), latest.invoke({ by: 10, fail: true })]
      await until(() => counter.running === 2)
      counter.release()
      await calls[0]
      assert.strictEqual(latest.value.status, "pending")
      counter.release()
      await calls[1]
      assert.strictEqual(latest.value.status, "failure")
      const both = [all.invoke({ by: 1 }), all.invoke({ by: 1 })]
      await until(() => counter.running === 2)
      counter.release()
      await both[0]
      assert.deepStrictEqual([all.value.status, all.value.output], ["pending", 2])
      counter.release()
      await both[1]
      assert.deepStrictEqual([all.value.status, all.value.pending, all.value.output], ["success", false, 3])
    }))

  it("shows what can be undone, and undoes it", () =>
    withBus(async (bus, counter) => {
      const history = bus.history(undefined, { entries: true })
      const views = heard(history)
      await until(() => !history.value.loading)
      await bus.operation(Add).invoke(3)
      await bus.operation(Add).invoke(4)
      await until(() => history.value.undoCount === 2)
      assert.strictEqual(history.value.undoMessage, "Add 4")
      assert.deepStrictEqual(history.value.entries.map(({ message }) => message), ["Add 3", "Add 4"])
      assert.strictEqual((await history.undo())._tag, "Success")
      assert.strictEqual(counter.value, 3)
      await until(() => history.value.canRedo)
      assert.deepStrictEqual([history.value.undoMessage, history.value.redoMessage], ["Add 3", "Add 4"])
      await history.redo()
      await until(() => history.value.undoCount === 2)
      await history.undoTo(history.value.entries[0]!.id)
      assert.strictEqual(counter.value, 0)
      await until(() => !history.value.canUndo)
      assert.strictEqual((await history.undo())._tag, "Failure")
      assert.strictEqual((history.value.error as any).reason._tag, "NothingToUndo")
      await history.redo()
      assert.strictEqual(history.value.error, undefined)
      await history.clear()
      await until(() => !history.value.canRedo && !history.value.busy)
      assert.isAtMost(views.values.length, 20)
    }))

  it("says that there is no history, and goes on", async () => {
    const counter = new Counter()
    const bus = Bus.make(
      BusClient.layer.pipe(Layer.provideMerge(OperationInvoker.layer), Layer.provideMerge(OperationRegistry.layer))
    )
    const history = bus.history()
    const views = heard(history)
    await until(() => !history.value.loading)
    assert.include(history.value.error!.message, "there is no history")
    views.stop()
    await bus.dispose()
    assert.strictEqual(counter.built, 0)
  })

  it("folds what happens into rows, told once per frame", () =>
    withBus(async (bus) => {
      const rows = heard(bus.invocations())
      await frames()
      const add = bus.operation(Add)
      for (let i = 0; i < 200; i++) void add.invoke(i)
      await until(() => rows.values.at(-1)!.length === 200)
      assert.isAtMost(rows.values.length, 4)
      const last = rows.values.at(-1)!.at(-1)!
      assert.deepStrictEqual([last.key, last.status, last.input, last.output], ["counter.add", "succeeded", 199, 19900])
    }))

  it("tells of progress once per frame, however often it is reported", async () => {
    const Report = Operation.make({ meta: { key: "report" }, output: Schema.Number, progress: Schema.Number })
    const report = Report.toLayer(() =>
      Effect.gen(function*() {
        const { progress } = yield* OperationContext
        for (let i = 1; i <= 500; i++) yield* progress(i)
        yield* Effect.sleep(100)
        return 500
      })
    )
    const bus = Bus.make(
      BusClient.layer.pipe(
        Layer.provideMerge(report),
        Layer.provideMerge(OperationInvoker.layer),
        Layer.provideMerge(OperationRegistry.layer)
      )
    )
    const handle = bus.operation(Report)
    const { values } = heard(handle)
    await handle.invoke(undefined)
    await frames()
    assert.deepStrictEqual(values.map(({ progress, status }) => `${status} ${progress ?? ""}`).slice(-2), [
      "pending 500",
      "success "
    ])
    assert.isAtMost(values.length, 4)
    await bus.dispose()
  })

  it("follows once what several places show", () =>
    withBus(async (bus) => {
      const one = bus.history("a")
      assert.strictEqual(bus.history("a"), one)
      assert.notStrictEqual(bus.history("b"), one)
      assert.strictEqual(bus.invocations({ keys: ["x"] }), bus.invocations({ keys: ["x"] }))
    }))

  it("keeps a query fresh, and a query refreshes no query", () =>
    withBus(async (bus, counter) => {
      const one = bus.query(Get, { times: 1 }, { refreshOn: ["counter."] })
      const two = bus.query(Get, { times: 10 }, { refreshOn: [Add] })
      const three = bus.query(Get, { times: 100 })
      const all = [heard(one), heard(two), heard(three)]
      await until(() => three.value.data === 0)
      await frames()
      assert.strictEqual(counter.gets, 3)
      await bus.operation(Add).invoke(2)
      await until(() => one.value.data === 2 && two.value.data === 20)
      assert.strictEqual(three.value.data, 0)
      assert.strictEqual(counter.gets, 5)
      await bus.history().undo()
      await until(() => one.value.data === 0 && two.value.data === 0)
      await frames()
      await frames()
      const { gets } = counter
      await frames()
      assert.strictEqual(counter.gets, gets)
      three.refresh()
      await until(() => counter.gets === gets + 1)
      for (const { stop } of all) stop()
      // Where nobody looks nothing runs.
      await new Promise((resolve) => setTimeout(resolve, 150))
      await bus.operation(Add).invoke(2)
      one.refresh()
      await frames()
      assert.strictEqual(counter.gets, gets + 1)
    }))

  it("runs a query once at a time, however much happens meanwhile", () =>
    withBus(async (bus, counter) => {
      const query = bus.query(Get, { times: 1 }, { refreshOn: [Add] })
      const { values } = heard(query)
      await until(() => query.value.data === 0)
      for (let i = 0; i < 500; i++) void bus.operation(Add).invoke(1)
      await until(() => query.value.data === 500)
      assert.isAtMost(counter.gets, 6)
      assert.isAtMost(values.length, 14)
    }))

  it("does not let what a query's handler invokes refresh it", async () => {
    const Touch = Operation.make({ meta: { key: "note.touch" } })
    const List = Operation.make({ meta: { key: "note.list" } })
    let lists = 0
    const layer = BusClient.layer.pipe(
      Layer.provideMerge(Layer.mergeAll(
        Touch.toLayer(() => Effect.void),
        List.toLayer(() =>
          Effect.suspend(() => {
            lists++
            return Effect.orDie(OperationInvoker.invoke(Touch, undefined))
          })
        )
      )),
      Layer.provideMerge(OperationInvoker.layer),
      Layer.provideMerge(OperationRegistry.layer)
    )
    const bus = Bus.make(layer)
    const { stop } = heard(bus.query(List, undefined, { refreshOn: ["note."] }))
    await until(() => lists === 1)
    await frames()
    await frames()
    assert.strictEqual(lists, 1)
    await bus.operation(Touch).invoke(undefined)
    await until(() => lists === 2)
    await frames()
    assert.strictEqual(lists, 2)
    stop()
    await bus.dispose()
  })

  it("is a Svelte store, an observable of RxJS, and an atom", () =>
    withBus(async (bus) => {
      bus.start()
      const add = bus.operation(Add)
      const seen: Array<string> = []
      const subscription = from(add).pipe(map(({ status }) => status)).subscribe((status) => seen.push(status))
      const registry = AtomRegistry.make()
      const atom = toAtom(add)
      const unmount = registry.mount(atom)
      void add.invoke(1)
      assert.deepStrictEqual(seen, ["idle", "success"])
      assert.strictEqual(registry.get(atom).output, 1)
      subscription.unsubscribe()
      unmount()
      void add.invoke(1)
      assert.strictEqual(seen.length, 2)
    }))

  it("keeps telling the others when a listener throws", () =>
    withBus(async (bus) => {
      bus.start()
      const add = bus.operation(Add)
      const thrown = new Promise<unknown>((resolve) => process.once("uncaughtException", resolve))
      let bad = false
      add.subscribe(() => {
        if (bad) throw new Error("bad listener")
      })
      const { values } = heard(add)
      bad = true
      void add.invoke(1)
      assert.strictEqual(values.at(-1)!.status, "success")
      bad = false
      assert.include(String(await thrown), "bad listener")
    }))

  it("ends a call as it ended, also when its callback throws", () =>
    withBus(async (bus, counter) => {
      const thrown = new Promise<unknown>((resolve) => process.once("uncaughtException", resolve))
      const add = bus.operation(AddLater, {
        onSuccess: () => {
          throw new Error("bad callback")
        }
      })
      counter.release()
      assert.strictEqual((await add.invoke({ by: 1 }))._tag, "Success")
      assert.strictEqual(add.value.status, "success")
      assert.include(String(await thrown), "bad callback")
    }))

  it("runs an effect with its services, until it is told to stop", () =>
    withBus(async (bus) => {
      const value = await bus.run(BusClient.use((client) => Effect.succeed(client.runsHere(Add))))
      assert.deepStrictEqual(value._tag === "Success" && value.value, true)
      const stop = new AbortController()
      const waiting = bus.run(Effect.never, { signal: stop.signal })
      stop.abort()
      assert.strictEqual((await waiting)._tag, "Failure")
    }))
})
