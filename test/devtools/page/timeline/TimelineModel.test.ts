import { assert, describe, it } from "@effect/vitest"
import { predicateOf, searchedOf } from "../../../../src/devtools/page/timeline/filter.ts"
import { type Node, openLimit, TimelineModel } from "../../../../src/devtools/page/timeline/TimelineModel.ts"
import type { InvocationMessage } from "../../../../src/protocol/InvocationMessage.ts"
import { type InvocationRow, InvocationTable } from "../../../../src/reactivity/InvocationTable.ts"
import { withSeeds } from "../random.ts"

let sequence = 0

const message = (
  tag: "Started" | "Succeeded" | "Failed",
  id: string,
  more: Partial<Omit<InvocationMessage, "_tag">> = {}
): InvocationMessage =>
  ({
    _tag: tag,
    v: 1,
    id,
    key: "demo.step",
    rootId: id,
    origin: "user",
    epoch: "e1",
    sequence: ++sequence,
    startedAt: sequence,
    input: { of: id },
    ...(tag === "Succeeded" ? { durationMillis: 1, output: null } : {}),
    ...(tag === "Failed" ? { durationMillis: 1, cause: [{ _tag: "Interrupt" }] } : {}),
    ...more
  }) as InvocationMessage

const shownBy = (model: TimelineModel): ReadonlyArray<string> =>
  model.lines.map(({ depth, id }) => `${"  ".repeat(depth)}${id}`)

const settled = (model: TimelineModel): ReadonlyArray<string> => {
  while (!model.work(() => 0, 1)) { /* in as many slices as it takes */ }
  model.settle()
  return shownBy(model)
}

const children = (model: TimelineModel, parent: string, count: number) => {
  for (let i = 0; i < count; i++) model.add(message("Started", `${parent}.${i}`, { parentId: parent, rootId: parent }))
}

const only = (test: (row: InvocationRow) => boolean) => (row: InvocationRow) => test(row)

describe("the lines of the timeline", () => {
  it("stand in the order of their beginnings, children below their parents", () => {
    const model = new TimelineModel()
    model.add(message("Started", "a"))
    model.add(message("Started", "b"))
    model.add(message("Started", "a1", { parentId: "a", rootId: "a" }))
    model.add(message("Started", "a1x", { parentId: "a1", rootId: "a" }))
    model.add(message("Succeeded", "a1x", { parentId: "a1", rootId: "a" }))
    model.add(message("Started", "a2", { parentId: "a", rootId: "a" }))
    assert.deepStrictEqual(settled(model), ["a", "  a1", "    a1x", "  a2", "b"])
  })

  it("take in the parents that come after their children", () => {
    const model = new TimelineModel()
    model.add(message("Started", "b", { parentId: "a", rootId: "a" }))
    assert.deepStrictEqual(settled(model), ["b"])
    model.add(message("Succeeded", "a"))
    assert.deepStrictEqual(settled(model), ["a", "  b"])
  })

  it("never hang on messages that make a circle", () => {
    const model = new TimelineModel()
    model.add(message("Started", "a", { parentId: "b" }))
    model.add(message("Started", "b", { parentId: "a" }))
    model.add(message("Started", "c", { parentId: "c" }))
    assert.strictEqual(settled(model).length, 3)
  })

  it("close by themselves where there are many children, and open when asked", () => {
    const model = new TimelineModel()
    model.add(message("Started", "a"))
    children(model, "a", openLimit)
    assert.strictEqual(settled(model).length, openLimit + 1)
    children(model, "a+", 0)
    model.add(message("Started", "a.more", { parentId: "a", rootId: "a" }))
    assert.deepStrictEqual(settled(model), ["a"])
    model.setExpanded(model.get("a")!, true)
    assert.strictEqual(settled(model).length, openLimit + 2)
  })

  it("show what fits the filter, with what it stands below", () => {
    const model = new TimelineModel()
    for (const id of ["a", "b", "c"]) {
      model.add(message("Started", id))
      children(model, id, 2)
    }
    model.setFilter(only(({ id }) => id === "b.1" || id === "c"))
    assert.deepStrictEqual(settled(model), ["b", "  b.1", "c"])
    assert.strictEqual(model.fitting, 2)
    assert.deepStrictEqual(model.lines.map(({ fits }) => fits), [false, true, true])
    // A message that changes whether it fits.
    model.setFilter(only(({ status }) => status === "succeeded"))
    assert.deepStrictEqual(settled(model), [])
    model.add(message("Succeeded", "a.0", { parentId: "a", rootId: "a" }))
    assert.deepStrictEqual(settled(model), ["a", "  a.0"])
    model.setFilter(undefined)
    assert.strictEqual(settled(model).length, 9)
  })

  it("are filtered in slices, and stay as they were until that is done", () => {
    const model = new TimelineModel()
    for (let i = 0; i < 2_000; i++) model.add(message("Started", `i${i}`))
    assert.strictEqual(settled(model).length, 2_000)
    model.setFilter(only(({ id }) => id.endsWith("7")))
    let slices = 1
    while (!model.work(() => 1, 0)) {
      slices++
      model.add(message("Started", `late${slices}7`))
      model.settle()
      assert.strictEqual(model.lines.length, 2_000)
    }
    assert.isAbove(slices, 2)
    assert.strictEqual(model.lines.length, 200 + slices - 1)
  })

  it("are bounded: the oldest go, and it is said how many", () => {
    const model = new TimelineModel(99)
    for (let i = 0; i < 249; i++) model.add(message("Started", `i${i}`))
    settled(model)
    assert.strictEqual(model.size, 99)
    assert.strictEqual(model.dropped, 150)
    assert.strictEqual(model.lines[0]!.id, "i150")
    assert.isUndefined(model.get("i0"))
    assert.strictEqual(model.operations.get("demo.step"), 99)
  })

  it("are bounded within a hundredth where they are many", () => {
    const model = new TimelineModel(5_000)
    for (let i = 0; i < 20_000; i++) {
      model.add(message("Started", `i${i}`))
      if (i % 7 === 0) model.settle()
      assert.isAtMost(model.size, 5_057)
    }
    assert.strictEqual(settled(model).length, model.size)
    assert.strictEqual(model.lines.at(-1)!.id, "i19999")
    assert.isAtLeast(model.dropped, 14_900)
  })

  it("are bounded by what they hold, too", () => {
    const model = new TimelineModel(1_000, 100_000)
    for (let i = 0; i < 100; i++) {
      model.add(message("Started", `i${i}`, { input: "x".repeat(10_000) }))
      settled(model)
    }
    assert.isAtMost(model.size, 10)
    assert.isAtLeast(model.size, 8)
    assert.strictEqual(model.dropped, 100 - model.size)
    assert.strictEqual(model.lines.at(-1)!.id, "i99")
    // One that is too large by itself is shown all the same.
    model.add(message("Started", "large", { input: "x".repeat(1_000_000) }))
    assert.deepStrictEqual(settled(model), ["large"])
  })

  it("of a process that is gone do not run any more", () => {
    const model = new TimelineModel()
    model.add(message("Started", "a"))
    model.add({ _tag: "Gap", why: "restarted", message: "the server was restarted" })
    settled(model)
    assert.strictEqual(model.lines[0]!.row.status, "interrupted")
    model.add(message("Started", "b"))
    model.add(message("Started", "c", { epoch: "e2" }))
    settled(model)
    assert.deepStrictEqual(model.lines.map(({ row }) => row.status), ["interrupted", "interrupted", "running"])
  })

  it("open up to what is asked for", () => {
    const model = new TimelineModel()
    model.add(message("Started", "a"))
    children(model, "a", openLimit + 10)
    settled(model)
    assert.strictEqual(model.reveal("a.7")?.id, "a.7")
    assert.strictEqual(model.lines[model.get("a.7")!.index]!.id, "a.7")
    model.setFilter(only(({ id }) => id === "a"))
    settled(model)
    assert.isUndefined(model.reveal("a.8"))
  })

  it("are those of a model that is made anew, after any messages, filters and clicks", () => {
    withSeeds(150, (random) => {
      const limit = random.chance(0.3) ? 20 + random.int(60) : 10_000
      const model = new TimelineModel(limit)
      const table = new InvocationTable(limit)
      const order: Array<string> = []
      let test: ((row: InvocationRow) => boolean) | undefined
      const running: Array<InvocationMessage> = []
      for (let step = 0; step < 150; step++) {
        const what = random.next()
        if (what < 0.55) {
          const id = `n${step}`
          const parent = random.chance(0.6) && running.length > 0 ? random.pick(running) : undefined
          const begun = message("Started", id, {
            key: `demo.${random.pick(["a", "b", "c"])}`,
            ...(parent === undefined ? {} : { parentId: parent.id, rootId: parent.rootId })
          })
          // Some beginnings are missed.
          if (random.chance(0.9)) {
            model.add(begun)
            table.add(begun)
            order.push(id)
          }
          running.push(begun)
        } else if (what < 0.85 && running.length > 0) {
          const [begun] = running.splice(random.int(running.length), 1)
          // One that was dropped and ends now comes back at the end, if at all.
          if (limit < 1_000 && table.get(begun!.id) === undefined) continue
          const { _tag: _, sequence: __, ...rest } = begun!
          const ended = message(random.pick(["Succeeded", "Failed"]), begun!.id, rest)
          model.add(ended)
          table.add(ended)
          if (!order.includes(begun!.id)) order.push(begun!.id)
        } else if (what < 0.9) {
          const key = random.pick(["demo.a", "demo.b"])
          const status = random.pick(["succeeded", "running"])
          test = random.pick([undefined, (row) => row.key === key, (row) => row.status === status])
          model.setFilter(test === undefined ? undefined : only(test))
          if (random.chance(0.5)) model.work(() => 1, 0)
        } else if (what < 0.97 && order.length > 0) {
          const node = model.get(random.pick(order))
          if (node !== undefined) model.setExpanded(node, random.chance(0.5))
        } else model.settle()
        if (random.chance(0.3)) {
          settled(model)
          compare(model, table, order, test)
        }
      }
      settled(model)
      compare(model, table, order, test)
    })
  })
})

/** What has to be shown, told without any of what makes the model fast. */
const compare = (
  model: TimelineModel,
  table: InvocationTable,
  order: ReadonlyArray<string>,
  test: ((row: InvocationRow) => boolean) | undefined
): void => {
  const kept = order.filter((id) => table.get(id) !== undefined)
  const rows = new Map(kept.map((id) => [id, table.get(id)!]))
  const below = new Map<string | undefined, Array<string>>()
  for (const id of kept) {
    const parent = model.get(id)!.parent?.id
    const expected = rows.get(id)!.parentId
    // Below its parent, unless that was dropped.
    if (parent !== undefined) assert.strictEqual(parent, expected)
    else if (expected !== undefined) {
      assert.isFalse(rows.has(expected) && model.dropped === 0, `${id} below ${expected}`)
    }
    below.set(parent, [...below.get(parent) ?? [], id])
  }
  const hits = (id: string): number =>
    (below.get(id) ?? []).reduce(
      (sum, child) => sum + hits(child) + (test === undefined || test(rows.get(child)!) ? 1 : 0),
      0
    )
  const expected: Array<string> = []
  const walk = (id: string, depth: number): void => {
    const fits = test === undefined || test(rows.get(id)!)
    if (!fits && hits(id) === 0) return
    expected.push(`${"  ".repeat(depth)}${id}`)
    if (model.isExpanded(model.get(id)!)) { for (const child of childrenOf(model.get(id)!)) walk(child, depth + 1) }
  }
  const childrenOf = (node: Node) => node.children.map(({ id }) => id)
  for (const id of rootsOf(model, kept)) walk(id, 0)
  assert.deepStrictEqual(shownBy(model), expected)
  assert.strictEqual(model.fitting, kept.filter((id) => test === undefined || test(rows.get(id)!)).length)
  assert.deepStrictEqual(model.lines.map(({ index }) => index), model.lines.map((_, i) => i))
  assert.strictEqual(model.size, kept.length)
}

const rootsOf = (model: TimelineModel, kept: ReadonlyArray<string>) =>
  kept.filter((id) => model.get(id)!.parent === undefined)

describe("a filter of the timeline", () => {
  const row = (more: Partial<InvocationRow>): InvocationRow => ({
    id: "id1",
    key: "note.create",
    rootId: "id1",
    origin: "user",
    startedAt: 1,
    status: "succeeded",
    input: { title: "Shopping List" },
    output: { id: "n1" },
    sequence: 1,
    ...more
  })
  const empty = {
    text: "",
    kind: undefined,
    status: undefined,
    origin: undefined,
    operation: undefined,
    root: undefined
  }
  const labels = new Map([["note.create", "Create a note"], ["note.remove", "Delete a note"]])
  const fits = (text: string, more: Partial<InvocationRow> = {}) => {
    const it = row(more)
    return predicateOf({ ...empty, text }, labels)?.(it, searchedOf(it).text)
  }

  it("finds words in the key, the label, the input and the output, in small or large letters", () => {
    for (const text of ["create", "CREATE a", "shopping", "\"shopping list\"", "n1", "a note", "note -remove"]) {
      assert.isTrue(fits(text), text)
    }
    for (const text of ["remove", "shopping -list", "\"list shopping\"", "-create"]) assert.isFalse(fits(text), text)
    assert.isTrue(fits("went wrong", { cause: [{ _tag: "Failure", error: { why: "It went wrong" } }] }))
  })

  it("asks for all that is chosen", () => {
    const test = predicateOf(
      { ...empty, text: "shopping", status: "failed", origin: "undo", operation: "note.create" },
      labels
    )!
    assert.isTrue(test(row({ status: "failed", origin: "undo" }), searchedOf(row({})).text))
    assert.isFalse(test(row({ status: "failed" }), searchedOf(row({})).text))
    assert.isFalse(test(row({ origin: "undo" }), searchedOf(row({})).text))
    assert.isFalse(test(row({ status: "failed", origin: "undo", key: "note.remove" }), searchedOf(row({})).text))
    const changes = predicateOf({ ...empty, kind: "changes" }, labels)!
    const reads = predicateOf({ ...empty, kind: "reads" }, labels)!
    assert.deepStrictEqual([changes(row({}), ""), reads(row({}), "")], [true, false])
    assert.deepStrictEqual([changes(row({ readonly: true }), ""), reads(row({ readonly: true }), "")], [false, true])
    const tree = predicateOf({ ...empty, root: "r" }, labels)!
    assert.isTrue(tree(row({ rootId: "r" }), ""))
    assert.isTrue(tree(row({ id: "r" }), ""))
    assert.isFalse(tree(row({}), ""))
  })

  it("is none when nothing is asked for", () => {
    assert.isUndefined(predicateOf(empty, labels))
    assert.isUndefined(predicateOf({ ...empty, text: "  " }, labels)?.(row({}), "") === false || undefined)
  })
})
