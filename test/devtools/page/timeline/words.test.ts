import { assert, describe, it } from "@effect/vitest"
import { hrefOf, parseRoute } from "../../../../src/devtools/page/route.ts"
import { asMessage } from "../../../../src/devtools/page/timeline/check.ts"
import { readFilter, writeFilter } from "../../../../src/devtools/page/timeline/filter.ts"
import { previewText } from "../../../../src/devtools/page/timeline/preview.ts"
import { describeRefusal } from "../../../../src/devtools/page/timeline/refusals.ts"
import { barLength } from "../../../../src/devtools/page/timeline/words.ts"
import { formatBytes, formatDuration, plural } from "../../../../src/devtools/page/ui/format.ts"
import { piecesOf, plain, shorten } from "../../../../src/devtools/page/ui/text.ts"

describe("text from outside", () => {
  it("is one piece when everything in it can be seen", () => {
    for (const text of ["", "plain", "two\nlines\tand tabs", "äß漢字", "👩‍👩‍👧 family", "<b>bold</b>"]) {
      assert.deepStrictEqual(piecesOf(text), [{ text }])
    }
  })

  it("has names for what cannot be seen, or turns the text around", () => {
    assert.strictEqual(plain("a\u202Eb\u0000c\u200Bd\u0007e\u{E0041}"), "a⟨RLO⟩b⟨NUL⟩c⟨ZWSP⟩d⟨BEL⟩e⟨U+E0041⟩")
    assert.strictEqual(plain("a\u200Db"), "a⟨ZWJ⟩b")
    assert.strictEqual(plain("\u2028\uFEFF"), "⟨LS⟩⟨BOM⟩")
  })

  it("is cut between characters, and says so", () => {
    assert.strictEqual(shorten("abcdef", 4), "abc…")
    assert.strictEqual(shorten("ab🙂🙂", 4), "ab…")
    assert.strictEqual(shorten("abcd", 4), "abcd")
  })
})

describe("an address of the page", () => {
  it("leads where it was made for, whatever the names", () => {
    for (const rest of ["note.create", "a/b?c#d", "%", "<img src=x>", "ü \u202E"]) {
      const route = parseRoute(hrefOf("operations", rest, { q: "a&b=c #d" }))
      assert.strictEqual(route.panel, "operations")
      assert.strictEqual(route.rest, rest)
      assert.strictEqual(route.query.get("q"), "a&b=c #d")
    }
  })

  it("leads to the timeline when nobody knows it", () => {
    for (const hash of ["", "#", "#/", "#/nonsense/x", "#timeline", "#/%E0%A4%A/x"]) {
      assert.strictEqual(parseRoute(hash).panel, "timeline")
    }
  })

  it("carries the filter of the timeline", () => {
    const filter = {
      text: "a \"b\" -c",
      kind: "changes",
      status: "failed",
      origin: "undo",
      operation: "x.y",
      root: "r"
    } as const
    assert.deepStrictEqual(readFilter(parseRoute(hrefOf("timeline", "id", writeFilter(filter))).query), filter)
    assert.isUndefined(readFilter(new URLSearchParams("status=nonsense")).status)
  })
})

describe("what the page reads", () => {
  const message = {
    _tag: "Failed",
    v: 1,
    id: "i",
    key: "a.b",
    rootId: "i",
    origin: "user",
    epoch: "e",
    sequence: 1,
    startedAt: 1,
    input: null,
    cause: [{ _tag: "Interrupt" }]
  }

  it("are messages of invocations", () => {
    assert.strictEqual(asMessage(message), message as never)
  })

  it("are no others: what the page computes with has its type", () => {
    const broken: ReadonlyArray<unknown> = [
      null,
      "text",
      [],
      {},
      { ...message, v: 2 },
      { ...message, _tag: "Exploded" },
      { ...message, id: 1 },
      { ...message, id: "x".repeat(3_000) },
      { ...message, sequence: "1" },
      { ...message, startedAt: null },
      { ...message, origin: "elsewhere" },
      { ...message, parentId: {} },
      { ...message, actor: 7 },
      { ...message, durationMillis: "1" },
      { ...message, cause: {} },
      { ...message, cause: [1] },
      { ...message, cause: undefined }
    ]
    for (const it of broken) assert.isUndefined(asMessage(it), JSON.stringify(it))
  })

  it("are refusals, also of reasons that it does not know", () => {
    assert.match(describeRefusal("a.b", { reason: { _tag: "Timeout", millis: 5 } }), /did not finish within 5 ms/)
    assert.match(describeRefusal("a.b", { reason: { _tag: "New" } }), /New/)
    assert.match(describeRefusal("a.b", { reason: { _tag: "InvalidInput" } }), /InvalidInput/)
    assert.strictEqual(describeRefusal("a.b", null), "It was refused.")
  })
})

describe("values on one line", () => {
  it("are the beginning of what they are", () => {
    assert.strictEqual(
      previewText({ id: "n1", done: true, tags: ["a"], at: { x: 1 } }),
      "id: \"n1\", done: true, tags: [1], at: {…}"
    )
    assert.strictEqual(previewText(["a", 1, null]), "[\"a\", 1, null]")
    assert.strictEqual(previewText("x".repeat(100)), `"${"x".repeat(60)}…"`)
    assert.strictEqual(
      previewText(Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`k${i}`, i]))),
      "k0: 0, k1: 1, k2: 2, k3: 3, k4: 4, k5: 5, …"
    )
    assert.strictEqual(previewText(null), "null")
  })
})

describe("numbers", () => {
  it("read as people read them", () => {
    const durations: ReadonlyArray<readonly [number, string]> = [
      [0, "<1 ms"],
      [0.04, "0.04 ms"],
      [0.44, "0.4 ms"],
      [7.26, "7.3 ms"],
      [12.4, "12 ms"],
      [999.6, "1 s"],
      [1_250, "1.25 s"],
      [59_999, "1 min"],
      [125_000, "2 min 5 s"],
      [11_400_000, "3 h 10 min"],
      [93_600_000, "1 d 2 h"],
      [-5, "<1 ms"],
      [Number.NaN, "–"]
    ]
    for (const [millis, text] of durations) assert.strictEqual(formatDuration(millis), text)
    assert.strictEqual(formatBytes(1_500), "1.5 KB")
    assert.strictEqual(plural(1, "entry", "entries"), "1 entry")
    assert.strictEqual(plural(2, "row"), "2 rows")
  })

  it("have bars between nothing and everything", () => {
    for (const millis of [-1, 0, 0.1, 1, 10, 1e9]) {
      assert.isAtLeast(barLength(millis), 0.03)
      assert.isAtMost(barLength(millis), 1)
    }
    assert.isBelow(barLength(1), barLength(10))
  })
})
