import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"

describe("toolchain", () => {
  it.effect("tests run on Node 24 and see the sources", () =>
    Effect.sync(() => {
      assert.match(process.version, /^v24\./)
      assert.match(import.meta.resolve("opbus"), /\/src\/index\.ts$/)
    }))
})
