import { assert, describe, it } from "@effect/vitest"
import * as Content from "../../../../src/native/modules/modelPool/internal/content.ts"

const made = (seed: number, block: number, bytes: number): Uint8Array => {
  const target = new Uint8Array(Math.ceil(bytes / 4) * 4)
  Content.fillSeeded(seed, block, target)
  return target.subarray(0, bytes)
}

describe("the bytes of models", () => {
  it("the same number gives the same bytes, and blocks differ", () => {
    assert.deepStrictEqual(made(7, 0, Content.BLOCK), made(7, 0, Content.BLOCK))
    assert.notDeepEqual(made(7, 0, 64), made(7, 1, 64))
    assert.notDeepEqual(made(7, 0, 64), made(8, 0, 64))
    // A seed that the block number takes to zero would stay there.
    assert.isTrue(made(0x9e3779b9, 0, 64).some((byte) => byte !== 0))
  })

  it("every changed byte changes the checksum", () => {
    const bytes = made(7, 0, 1027)
    const whole = Content.blockChecksum(bytes)
    for (let at = 0; at < bytes.length; at++) {
      bytes[at]! ^= 1
      assert.notStrictEqual(Content.blockChecksum(bytes), whole, `byte ${at}`)
      bytes[at]! ^= 1
    }
    assert.strictEqual(Content.blockChecksum(bytes), whole)
    assert.notStrictEqual(Content.blockChecksum(bytes.subarray(0, 1026)), whole)
  })

  // The same numbers are in native/core/src/modules/model_pool/content.rs.
  it("the numbers are those of Rust", () => {
    const bytes = made(7, 2, 4099)
    assert.deepStrictEqual(Array.from(bytes.subarray(0, 8)), [13, 51, 127, 247, 194, 235, 205, 50])
    assert.strictEqual(Content.blockChecksum(bytes), 1_687_511_703)
    assert.strictEqual(Content.checksum(new Uint32Array([1, 2, 3])), 1_456_431_460)
    assert.deepStrictEqual(Content.infer(bytes, "grüße 👋", 4), {
      tokens: [17_402, 34_997, 14_862, 35_315],
      digest: 4_288_411_859
    })
    assert.deepStrictEqual(Content.infer(bytes.subarray(0, 3), "x", 2), {
      tokens: [34_350, 28_828],
      digest: 4_009_382_295
    })
  })
})
