import { assert, describe, it } from "vitest"
import { fuzz, isSound } from "./fuzz/frames.ts"

describe("R2", () => {
  it("3,000 mutated frames end no server, and every one that can be answered is answered once", async () => {
    for (const report of await fuzz({ frames: 3_000, seed: 20_261 })) {
      assert.isTrue(isSound(report), JSON.stringify(report, undefined, 1))
      // Answers there must be, or nothing was shown.
      assert.isAbove(report.answered, report.frames / 10)
    }
  }, 120_000)
})
