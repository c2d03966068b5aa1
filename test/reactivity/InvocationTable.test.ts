import { assert, describe, it } from "@effect/vitest"
import type { InvocationMessage } from "opbus/protocol/InvocationMessage"
import { InvocationTable, matching } from "opbus/reactivity"

let sequence = 0

const message = (
  _tag: InvocationMessage["_tag"],
  id: string,
  more: Partial<InvocationMessage> & Record<string, unknown> = {}
): InvocationMessage =>
  ({
    v: 1,
    _tag,
    id,
    key: "note.rename",
    rootId: id,
    origin: "user",
    epoch: "one",
    sequence: ++sequence,
    startedAt: Number(id),
    input: { title: `Title ${id}` },
    ...more
  }) as unknown as InvocationMessage

const outline = (table: InvocationTable) => table.rows.map(({ id, status }) => `${id} ${status}`)

describe("InvocationTable", () => {
  it("folds the messages of an invocation into one row", () => {
    const table = new InvocationTable()
    table.add(message("Started", "1"))
    assert.deepStrictEqual(outline(table), ["1 running"])
    const first = table.rows
    assert.strictEqual(table.rows, first)
    table.add(message("Progress", "1", { progress: 0.5 }))
    assert.notStrictEqual(table.rows, first)
    table.add(message("Succeeded", "1", { output: "ok", durationMillis: 3, actor: "a", parentId: "0" }))
    const { sequence: _, ...row } = table.rows[0]!
    assert.deepStrictEqual<unknown>(row, {
      id: "1",
      key: "note.rename",
      rootId: "1",
      origin: "user",
      startedAt: 1,
      input: { title: "Title 1" },
      progress: 0.5,
      output: "ok",
      durationMillis: 3,
      actor: "a",
      parentId: "0",
      status: "succeeded"
    })
  })

  it("tells the ends apart", () => {
    const table = new InvocationTable()
    table.add(message("Failed", "1", { cause: [], durationMillis: 1 }))
    table.add(message("Failed", "2", { cause: [], refused: true }))
    table.add(message("Interrupted", "3", { durationMillis: 1 }))
    assert.deepStrictEqual(outline(table), ["1 failed", "2 refused", "3 interrupted"])
  })

  it("keeps the order of the starts, and drops the oldest", () => {
    const table = new InvocationTable(3)
    for (const id of ["1", "3", "2", "4"]) table.add(message("Started", id))
    assert.deepStrictEqual(outline(table), ["2 running", "3 running", "4 running"])
    assert.strictEqual(table.dropped, 1)
    // What was dropped is not taken up again as if it were new.
    assert.isFalse(table.add(message("Succeeded", "0", { output: 1, durationMillis: 1 })))
    table.clear()
    assert.deepStrictEqual(table.rows, [])
    assert.isTrue(table.add(message("Started", "0")))
  })

  it("does not leave running what ran in a process that is gone", () => {
    const table = new InvocationTable()
    table.add(message("Started", "1"))
    table.add({ _tag: "Gap", why: "slow", message: "" })
    assert.deepStrictEqual(outline(table), ["1 running"])
    table.add({ _tag: "Gap", why: "restarted", message: "" })
    assert.deepStrictEqual(outline(table), ["1 interrupted"])
    table.add(message("Started", "2"))
    table.add(message("Started", "3", { epoch: "two" }))
    assert.deepStrictEqual(outline(table), ["1 interrupted", "2 interrupted", "3 running"])
    assert.strictEqual(table.gaps, 2)
  })

  it("shows a row once, however its messages are repeated", () => {
    const table = new InvocationTable()
    const started = message("Started", "1")
    const ended = message("Succeeded", "1", { output: 1, durationMillis: 1 })
    for (const again of [started, ended, started, ended]) table.add(again)
    assert.deepStrictEqual(outline(table), ["1 succeeded"])
  })

  it("filters by key, root, origin, actor, status and text", () => {
    const table = new InvocationTable()
    table.add(message("Started", "1", { input: { title: "Bees & <b>flowers</b>" }, actor: "Anna" }))
    table.add(message("Succeeded", "2", { key: "note.list", output: ["Honey"], durationMillis: 1, rootId: "1" }))
    table.add(message("Failed", "3", { cause: [{ _tag: "Defect", message: "disk" }], origin: "undo" }))
    const ids = (filter: Parameters<typeof matching>[0]) =>
      table.rows.filter(matching(filter)).map(({ id }) => id).join("")
    assert.deepStrictEqual(
      [
        ids({}),
        ids({ keys: ["note.list"] }),
        ids({ rootId: "1" }),
        ids({ origins: ["undo", "redo"] }),
        ids({ actor: "Anna" }),
        ids({ status: "running" }),
        ids({ status: ["failed", "succeeded"] }),
        ids({ text: "HONEY" }),
        ids({ text: "anna" }),
        ids({ text: "<b>" }),
        ids({ text: " disk " }),
        ids({ text: "NOTE.R" }),
        ids({ text: "nowhere" })
      ],
      ["123", "2", "12", "3", "1", "1", "23", "2", "1", "1", "3", "13", ""]
    )
  })

  it("takes keys and ids that name parts of a prototype", () => {
    const table = new InvocationTable()
    for (const id of ["__proto__", "constructor"]) table.add(message("Started", id, { startedAt: 1, key: id }))
    assert.deepStrictEqual(outline(table), ["__proto__ running", "constructor running"])
    assert.strictEqual(table.get("toString"), undefined)
  })

  it("costs a message the same with 100,000 rows", () => {
    const time = (rows: number) => {
      const table = new InvocationTable(1_000_000)
      for (let i = 0; i < rows; i++) table.add(message("Started", String(i)))
      const before = performance.now()
      for (let i = 0; i < 20_000; i++) table.add(message("Progress", String(i % rows), { progress: i }))
      return performance.now() - before
    }
    time(1_000)
    const small = time(1_000)
    assert.isBelow(time(100_000), 20 * small + 200)
  })
})
