import { assert, describe, it } from "@effect/vitest"
import type * as messages from "opbus/devtools/DevtoolsMessages"
import { detailOf, laneOf, reasonOf, retryAdvice, times, waitingRows } from "../../../src/devtools/page/remote/rows.ts"

type Call = typeof messages.QueuedCall.Type
type Letter = typeof messages.DeadLetter.Type

const call = (id: string, more: Partial<Call> = {}): Call => ({
  id,
  key: "note.analyse",
  lane: "note.analyse",
  idempotencyKey: id,
  acceptedAt: 0,
  attempts: 0,
  delivering: false,
  ...more
})

const letter = (reason: Letter["reason"]): Letter => ({
  ...call("1"),
  deadAt: 1,
  reason,
  why: "w"
})

describe("waiting calls", () => {
  it("say what they wait for: a lane delivers one at a time", () => {
    const rows = waitingRows([
      call("1", { attempts: 3, lastError: "connection refused" }),
      call("2"),
      call("3", { lane: "document-7" }),
      call("4"),
      call("5", { lane: "document-8", delivering: true, attempts: 1 })
    ])
    assert.deepStrictEqual(rows.map(({ call, lane, state, why }) => [call.id, lane, state, why]), [
      ["1", undefined, "tried in vain", "connection refused"],
      ["2", undefined, "behind others", "One call of its lane is before it."],
      ["3", "document-7", "next in its lane", undefined],
      ["4", undefined, "behind others", "2 calls of its lane are before it."],
      ["5", "document-8", "on its way", undefined]
    ])
    assert.deepStrictEqual([0, 1, 2].map(times), ["not yet", "once", "2 times"])
    assert.strictEqual(laneOf({ key: "__proto__", lane: "constructor" }), "constructor")
  })
})

describe("dead letters", () => {
  it("say why in words, what to do, and show the error where there is one", () => {
    const reasons: ReadonlyArray<Letter["reason"]> = [
      { _tag: "Failed", error: { _tag: "OutOfStock", item: "moon" } },
      { _tag: "Refused", reason: { _tag: "Denied", why: "no" } },
      { _tag: "Exhausted", reason: { _tag: "RemoteUnavailable", why: "gone" } },
      { _tag: "Defect" },
      { _tag: "Poison" },
      { _tag: "Unreadable" }
    ]
    const letters = reasons.map(letter)
    assert.strictEqual(new Set(letters.map(reasonOf)).size, reasons.length)
    for (const one of letters) assert.match(retryAdvice(one), /\.$/)
    assert.deepStrictEqual(letters.map(detailOf), [
      { _tag: "OutOfStock", item: "moon" },
      { _tag: "Denied", why: "no" },
      { _tag: "RemoteUnavailable", why: "gone" },
      undefined,
      undefined,
      undefined
    ])
  })
})
