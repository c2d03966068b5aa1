import { assert, describe, it } from "@effect/vitest"
import { createHash } from "node:crypto"
import * as SpecHash from "opbus/spec/SpecHash"

describe("SpecHash", () => {
  it("is SHA-256 of the text's UTF-8, whatever its length", () => {
    const texts = [
      "",
      "abc",
      "äöü 🎉",
      ...Array.from({ length: 200 }, (_, i) => "x".repeat(i)),
      "日本語".repeat(50_000),
      "",
      "after a long one"
    ]
    for (const text of texts) {
      const expected = createHash("sha256").update(text).digest("hex")
      assert.strictEqual(SpecHash.sha256(text), expected, `${text.length} characters`)
    }
  })
})
