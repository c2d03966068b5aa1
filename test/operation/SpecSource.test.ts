import { assert, describe, it } from "@effect/vitest"
import * as Operation from "opbus/operation/Operation"
import * as SpecSource from "opbus/operation/SpecSource"

describe("SpecSource", () => {
  it("says which spec an operation was generated from, and nothing of one that was written by hand", () => {
    const source: SpecSource.Source = {
      name: "gpu/stats",
      environment: "server",
      adapter: "rust-ipc",
      transport: "positional",
      rust: { module: "modules/gpu", traits: ["ManagedService"], command_prefix: "gpu/", imports: [] },
      examples: [{ params: {}, error: { _tag: "GpuUnavailable", reason: "none" } }]
    }
    class Generated extends Operation.make({ meta: { key: "gpu.stats" } }).annotate(SpecSource.SpecSource, source) {}
    class Written extends Operation.make({ meta: { key: "gpu.other" } }) {}
    assert.deepStrictEqual(Operation.annotation(Generated, SpecSource.SpecSource), source)
    assert.isUndefined(Operation.annotation(Written, SpecSource.SpecSource))
  })
})
