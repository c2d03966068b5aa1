import { assert, describe, it } from "@effect/vitest"
import { randomSpecs } from "../support/randomSpec.ts"
import { cargo, compile, has, makeProject, run } from "./support/project.ts"

const rust = ["rust-ipc", "sidecar", "trait-only"]
const cargoIsHere = has("cargo", "--version")

describe.runIf(has("rustfmt", "--version"))("generated Rust", () => {
  it("is as rustfmt writes it, whatever the names and texts of the specs", () => {
    for (const seed of [101, 102, 103]) {
      const project = makeProject(compile(randomSpecs(seed, 40, { adapters: rust, nasty: seed === 103 })))
      const files = ["native/core/src/lib.rs", "native/core/src/bin/sidecar.rs", "native/node/src/lib.rs"]
      const { code, output } = run(project.folder, "rustfmt", ["--check", "--edition", "2021", ...files])
      assert.strictEqual(code, 0, `seed ${seed}\n${output.slice(0, 4000)}`)
    }
  }, 60_000)
})

describe.runIf(cargoIsHere)("a crate of generated Rust", () => {
  it("compiles without a warning against opbus's own, and so does what Node loads", () => {
    const project = makeProject(compile(randomSpecs(104, 40, { adapters: rust, nasty: true })))
    const { code, output } = cargo(project.folder, "clippy", "--offline", "-j2", "--workspace", "--", "-D", "warnings")
    assert.strictEqual(code, 0, output.slice(-4000))
  }, 300_000)

  it("does not compile while a command has no body, and says which", () => {
    const gpu = {
      source: "specs/gpu/stats.json",
      spec: {
        version: 2 as const,
        name: "gpu/stats",
        description: "Query GPU memory manager stats",
        environment: "server" as const,
        adapter: "rust-ipc",
        mode: "sync" as const,
        rust: { module: "modules/gpu", traits: ["ManagedService", "MetricsEmitter"] as const },
        params: [],
        results: [{ name: "gpuName", type: "string" }]
      }
    }
    const project = makeProject(compile([gpu]))
    const file = "native/core/src/modules/gpu.rs"
    const before = project.read(file)
    const complete = cargo(project.folder, "check", "--offline", "-j2")
    assert.strictEqual(complete.code, 0, complete.output)

    const body = before.indexOf("impl GpuService for Gpu {")
    project.write(file, `${before.slice(0, body)}impl GpuService for Gpu {}\n`)
    const missing = cargo(project.folder, "check", "--offline", "-j2")
    assert.notStrictEqual(missing.code, 0)
    assert.include(missing.output, "not all trait items implemented, missing: `stats`")

    project.write(file, before.replace(/\n {4}fn heal\(&self\) -> bool \{\n {8}true\n {4}\}\n/u, "\n"))
    const unmanaged = cargo(project.folder, "check", "--offline", "-j2")
    assert.notStrictEqual(unmanaged.code, 0)
    assert.include(unmanaged.output, "not all trait items implemented, missing: `heal`")
  }, 300_000)
})
