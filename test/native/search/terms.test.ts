import { assert, describe, it } from "@effect/vitest"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import * as tables from "../../../src/native/modules/search/engine/tables.ts"
import { longestTerm, termsOf } from "../../../src/native/modules/search/engine/terms.ts"
import { makeRandom } from "../../spec/support/random.ts"
import { root, text } from "./support.ts"

/** The numbers of a table in Rust. */
const rust = (name: string): ReadonlyArray<number> => {
  const source = readFileSync(join(root, "native/core/src/modules/search/engine/tables.rs"), "utf8")
  const body = new RegExp(`${name}: [^=]*= \\[([^\\]]*)\\]`).exec(source)![1]!
  return body.split(",").map((n) => n.trim()).filter((n) => n !== "").map(Number)
}

const typescript = (packed: string): ReadonlyArray<number> => {
  let at = 0
  return packed.split(" ").flatMap((row) => {
    const [distance = 0, length = 0, ...rest] = row.split(",").map((n) => Number.parseInt(n, 36))
    const from = at + distance
    at = from + length
    return [from, at, ...rest]
  })
}

describe("terms", () => {
  it("are lower case without accents, whatever way these are written", () => {
    assert.deepStrictEqual(
      termsOf("The Quick-Brown fox_42, naïve CAFÉ cafe\u0301 ΣΊΣΥΦΟΣ σίσυφος İstanbul Straße"),
      ["the", "quick", "brown", "fox", "42", "naive", "cafe", "cafe", "σισυφοσ", "σισυφοσ", "istanbul", "straße"]
    )
  })

  it("are single characters where a script has no spaces", () => {
    assert.deepStrictEqual(termsOf("東京へtokyo1京 한국어"), ["東", "京", "へ", "tokyo1", "京", "한국어"])
  })

  it("are not cut by soft hyphens and joiners", () => {
    assert.deepStrictEqual(termsOf("co\u00adoperate می\u200cخواهم"), ["cooperate", "میخواهم"])
  })

  it("end after a number of characters, not of halves of them", () => {
    assert.deepStrictEqual(termsOf("x".repeat(100)), ["x".repeat(longestTerm)])
    assert.deepStrictEqual(termsOf("𐐀".repeat(100)), ["𐐨".repeat(longestTerm)])
  })

  it("are made of nothing that is in no text", () => {
    assert.deepStrictEqual(termsOf(""), [])
    assert.deepStrictEqual(termsOf(" \u0000\u0301\u{10ffff}🙂 --"), [])
  })

  it("of a term are that term", () => {
    const random = makeRandom(99)
    for (let i = 0; i < 2000; i++) {
      for (const term of termsOf(text(random, 10))) assert.deepStrictEqual(termsOf(term), [term])
    }
  })

  it("are cut by the same tables in Rust", () => {
    assert.deepStrictEqual(rust("CLASSES"), typescript(tables.classes))
    assert.deepStrictEqual(rust("FOLDS"), typescript(tables.folds))
  })

  it("have all letters, digits and marks of the Unicode version that the tables were made from", (context) => {
    const source = readFileSync(join(root, "src/native/modules/search/engine/tables.ts"), "utf8")
    if (!source.includes(`Unicode ${process.versions.unicode}.`)) context.skip()
    const belongs = /[\p{L}\p{N}\p{M}]/u
    const single = /[\p{scx=Han}\p{scx=Hira}\p{scx=Kana}]/u
    const wrong: Array<string> = []
    for (let code = 0; code <= 0x10ffff; code++) {
      if (code >= 0xd800 && code <= 0xdfff) continue
      const character = String.fromCodePoint(code)
      const count = termsOf(`x${character}x`).length
      // What belongs to a word does not cut it; all else does.
      const right = belongs.test(character) ? count === 1 || single.test(character) : count === 2 || isDropped(code)
      if (!right) wrong.push(code.toString(16))
    }
    assert.deepStrictEqual(wrong, [])
  })
})

const isDropped = (code: number) =>
  code === 0xad || code === 0x200c || code === 0x200d || (code >= 0xfe00 && code <= 0xfe0f)
