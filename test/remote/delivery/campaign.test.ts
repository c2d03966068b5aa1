import { assert, describe, it } from "@effect/vitest"
import { run } from "./campaign/delivery.ts"

describe("delivery", () => {
  it("R3, R4: client and server are killed, answers are lost: nothing is lost, doubled or out of order", async () => {
    const lines: Array<string> = []
    const code = await run({ runs: 6, deliveries: 600, seed: 1, log: (line) => lines.push(line) })
    assert.strictEqual(code, 0, lines.join("\n"))
  }, 180_000)
})
