import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as fs from "node:fs"
import * as path from "node:path"
import { fileURLToPath } from "node:url"
import { explain, runOn } from "./campaign/campaign.ts"
import { generate } from "./campaign/generator.ts"
import { interleaveMany } from "./campaign/interleave.ts"
import { kindsOf } from "./campaign/program.ts"
import { Random } from "./campaign/random.ts"

/** Runs the histories of these seeds; fails with the first one that goes wrong, made small. */
const histories = (from: number, count: number, store: "memory" | "sql") =>
  Effect.gen(function*() {
    let complete = 0
    for (let seed = from; seed < from + count; seed++) {
      const failure = yield* runOn(generate(seed), store, (kind) => {
        if (kind === "ends: undone, redone and undone") complete++
      })
      // A mutant is killed by any failure: it need not be explained.
      if (failure !== undefined) {
        return assert.fail(process.env["OPBUS_MUTANT"] === undefined ? yield* explain(failure, store) : failure.message)
      }
    }
    // The rest has forgotten or lost entries, or conflicting writes: what H11 does not speak of.
    assert.isAbove(complete, 0.65 * count)
  })

describe("random histories", () => {
  it.live(
    "H11: 2,000 random histories leave documents and entries as the reference model says, and undo to the start and redo to the end",
    () => histories(1, 2_000, "memory"),
    { timeout: 300_000 }
  )

  it.live(
    "H11: random histories go on after restarts, with a SqlHistoryStore on a file",
    () => histories(500_001, 60, "sql"),
    { timeout: 300_000 }
  )

  it.live("H5, H2, H1, I5: 600 random interleavings of 2 to 8 fibers that get in each other's way", () =>
    Effect.map(
      interleaveMany({ count: 600, from: 1, verbose: false, progress: false }),
      (explanation) => assert.isUndefined(explanation, explanation)
    ), { timeout: 300_000 })

  it("the generator makes every kind of step", () => {
    const seen = new Set<string>()
    for (let seed = 1; seed <= 2_000; seed++) for (const kind of kindsOf(generate(seed)).keys()) seen.add(kind)
    const expected = [
      "act",
      "burst",
      "clear",
      "invalidate",
      "during",
      "fault",
      "lossy",
      "redo",
      "redo in a scope",
      "restart",
      "undo",
      "undo in a scope",
      "undoTo",
      "undoInside",
      "followup",
      "straggler",
      "group",
      "transaction",
      "macro: plain",
      "macro: mapped",
      "macro: lane",
      "macro: invalid output",
      "macro: parallel children",
      "nested: 3 deep",
      ...["disjoint", "commuting", "lane", "conflicting", "undos", "others"].map((overlap) => `together: ${overlap}`),
      ...[2, 3, 4, 5, 6, 7, 8].map((count) => `fibers: ${count}`),
      ...["macro", "group", "transaction"].flatMap((outer) =>
        ["macro", "group", "transaction"].map((inner) => `nested: ${inner} in ${outer}`)
      ),
      ...["macro", "group", "transaction"].flatMap((kind) =>
        ["fail", "die", "interrupt", "extern"].map((how) => `${kind} stops: ${how}`)
      ),
      ...[
        "failBefore",
        "failAfter",
        "dieBefore",
        "dieAfter",
        "interruptBefore",
        "interruptAfter",
        "externBefore",
        "externAfter",
        "badInput",
        "badOutput",
        "notUndoable",
        "captureFails",
        "deriveFails",
        "messageFails",
        "gate"
      ].map((flaw) => `flaw: ${flaw}`),
      ...["inverse", "forward"].flatMap((phase) => ["fail", "die", "extern"].map((how) => `fault: ${phase} ${how}`)),
      ...["agent", "trigger", "remote"].map((origin) => `origin: ${origin}`)
    ]
    assert.deepStrictEqual(expected.filter((kind) => !seen.has(kind)), [])
  })

  it("the same seed gives the same program, and another seed another one", () => {
    assert.deepStrictEqual(generate(7), generate(7))
    assert.notDeepEqual(generate(7), generate(8))
    const numbers = (random: Random) => [random.int(0, 999), random.int(0, 999), random.int(0, 999)]
    assert.deepStrictEqual(numbers(new Random(1)), numbers(new Random(1)))
  })

  it("the reference model imports nothing of the library", () => {
    const folder = fileURLToPath(new URL("campaign", import.meta.url))
    const seen = new Set<string>()
    const visit = (file: string): void => {
      if (seen.has(file)) return
      seen.add(file)
      const text = fs.readFileSync(path.join(folder, file), "utf8")
      assert.notInclude(text, "import(", file)
      for (const [, from] of text.matchAll(/^(?:import|export)\b.*?\bfrom "([^"]+)"/gm)) {
        assert.match(from!, /^\.\/[a-z]+\.ts$/, `${file} imports ${from}`)
        visit(from!.slice(2))
      }
    }
    visit("model.ts")
    assert.deepStrictEqual([...seen].sort(), ["domain.ts", "model.ts", "program.ts"])
  })
})
