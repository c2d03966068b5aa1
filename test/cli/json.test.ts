import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { parse } from "../../src/cli/internal/json.ts"

const faultOf = (text: string): string => Effect.runSync(Effect.flip(parse(text, "it"))).message

describe("JSON from a user", () => {
  it("is located where it stops being JSON", () => {
    const cases: ReadonlyArray<readonly [text: string, fault: string]> = [
      ["", "it is not JSON at line 1, column 1: expected a value, but it ends here"],
      ["{\"a\" 1}", "it is not JSON at line 1, column 6: expected \":\", found \"1\""],
      ["[1 2]", "it is not JSON at line 1, column 4: expected \",\" or \"]\", found \"2\""],
      ["[1,]", "it is not JSON at line 1, column 4: expected a value, found \"]\""],
      ["{}{", "it is not JSON at line 1, column 3: expected the end of the text, found \"{\""],
      ["{\n\t\"a\": tru\n}", "it is not JSON at line 2, column 7: expected a value, found \"t\""],
      ["[01]", "it is not JSON at line 1, column 3: expected \",\" or \"]\", found \"1\""],
      ["\"a\nb\"", "it is not JSON at line 1, column 3: a control character in a string has to be escaped, as in \\n"],
      ["\"\\x\"", "it is not JSON at line 1, column 2: this is not an escape sequence of JSON"],
      ["\"a", "it is not JSON at line 1, column 1: this string has no end"],
      ["NaN", "it is not JSON at line 1, column 1: expected a value, found \"N\""],
      ["[".repeat(100_000), "it is not JSON at line 1, column 100001: expected a value or \"]\", but it ends here"]
    ]
    for (const [text, fault] of cases) assert.strictEqual(faultOf(text), fault)
  })

  it("is located whatever is missing from it", () => {
    const text = JSON.stringify({ a: [1, -2.5e3, true, null, "x\"y\\z\u2028"], b: { c: {}, d: [] } }, undefined, 1)
    for (let at = 0; at < text.length; at++) {
      for (const broken of [text.slice(0, at) + text.slice(at + 1), text.slice(0, at)]) {
        let valid = true
        try {
          JSON.parse(broken)
        } catch {
          valid = false
        }
        if (!valid) assert.match(faultOf(broken), /^it is not JSON at line \d+, column \d+: .+$/)
      }
    }
  })
})
