import { assert, describe, it } from "@effect/vitest"
import { follow, merge } from "../../examples/notebook/web/page/merge.ts"

/** A small generator with a seed, so that a failure can be seen again. */
const randomOf = (seed: number) => () => {
  seed = Math.imul(seed ^ (seed >>> 15), 0x2c1b3c6d) + 0x9e3779b9 | 0
  return ((seed ^ (seed >>> 13)) >>> 0) / 2 ** 32
}

const letters = "ab \n😀"

const textOf = (random: () => number, length: number): string =>
  Array.from({ length: Math.floor(random() * length) }, () => Array.from(letters)[Math.floor(random() * 5)]!).join("")

/** One edit: some characters out, others in. */
const edit = (random: () => number, text: string, typed: string): string => {
  const characters = Array.from(text)
  const from = Math.floor(random() * (characters.length + 1))
  const out = Math.floor(random() * 3)
  return [...characters.slice(0, from), typed, ...characters.slice(from + out)].join("")
}

describe("texts that two have changed", () => {
  it("keeps what is typed during an undo, and what the undo takes back stays away", () => {
    assert.strictEqual(merge("x ABC", "x ABCD", "x "), "x D")
    assert.strictEqual(merge("one two", "one two three", "zero one two"), "zero one two three")
    assert.strictEqual(merge("one two", "zero one two", "one two three"), "zero one two three")
  })

  it("puts what was typed after what came in at the same place", () => {
    assert.strictEqual(merge("", "mine", "theirs"), "theirsmine")
    assert.strictEqual(merge("a-b", "aMb", "aTb"), "aTMb")
  })

  it("loses nothing that was typed, and nothing that came in, wherever it was", () => {
    const seed = Math.floor(Math.random() * 2 ** 31)
    const random = randomOf(seed)
    for (let round = 0; round < 5_000; round++) {
      const base = textOf(random, 12)
      const typed = edit(random, base, "MINE")
      const theirs = edit(random, base, "THEIRS")
      const merged = merge(base, typed, theirs)
      const told = () => `seed ${seed}, round ${round}: ${JSON.stringify({ base, typed, theirs, merged })}`
      assert.include(merged, "MINE", told())
      assert.include(merged, "THEIRS", told())
      assert.isTrue(merged.isWellFormed(), told())
      assert.strictEqual(merge(base, base, theirs), theirs, told())
      assert.strictEqual(merge(base, typed, base), typed, told())
    }
  })

  it("leaves the caret where it was in the text", () => {
    assert.strictEqual(follow(3, "one two", "zero one two"), 8)
    assert.strictEqual(follow(7, "one two", "one two three"), 7)
    assert.strictEqual(follow(5, "x ABC", "x "), 2)
  })
})
