import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { spawnSync } from "node:child_process"
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import * as NativeBuild from "opbus/node/NativeBuild"
import { platform } from "opbus/node/NodeNativeModule"

const files = {
  "Cargo.toml": "[workspace]\nmembers = [\"native/core\", \"native/node\"]\nresolver = \"2\"\n",
  "native/core/Cargo.toml":
    "[package]\nname = \"my-core\"\nversion = \"0.1.0\"\nedition = \"2021\"\n[features]\nloud = []\n[lib]\ndoctest = false\n",
  "native/core/src/lib.rs": "pub fn answer() -> i32 { 42 }\n",
  "native/core/src/bin/sidecar.rs": "fn main() { println!(\"{}\", my_core::answer()); }\n",
  "native/node/Cargo.toml":
    "[package]\nname = \"my-addon\"\nversion = \"0.1.0\"\nedition = \"2021\"\n[dependencies]\nmy-core = { path = \"../core\" }\n[lib]\ncrate-type = [\"cdylib\"]\n",
  "native/node/src/lib.rs": "#[no_mangle]\npub extern \"C\" fn answer() -> i32 { my_core::answer() }\n"
}

const write = (folder: string, name: string, text: string): void => {
  mkdirSync(dirname(join(folder, name)), { recursive: true })
  writeFileSync(join(folder, name), text)
}

const project = Effect.acquireRelease(
  Effect.sync(() => {
    const folder = mkdtempSync(join(tmpdir(), "opbus-build-"))
    for (const [name, text] of Object.entries(files)) write(folder, name, text)
    return folder
  }),
  (folder) => Effect.sync(() => rmSync(folder, { recursive: true, force: true }))
)

const hasCargo = spawnSync("cargo", ["--version"]).status === 0

describe("the build of a project's native module", () => {
  it.live.skipIf(!hasCargo)(
    "makes the library and the sidecar, and makes them again only when something changed",
    () =>
      Effect.gen(function*() {
        const folder = yield* project
        const build = NativeBuild.build({ project: folder })
        const file = join(folder, "native", "dist", `${platform}.node`)
        const sidecar = join(folder, "native", "dist", `${platform}-sidecar`)
        assert.deepStrictEqual(yield* build, { _tag: "Built", file, sidecar })
        assert.strictEqual(spawnSync(sidecar).stdout.toString(), "42\n")
        const { ino } = statSync(file)
        assert.strictEqual((yield* build)._tag, "Unchanged")
        assert.strictEqual(statSync(file).ino, ino)

        write(folder, "native/core/src/lib.rs", "pub fn answer() -> i32 { 43 }\n")
        assert.strictEqual((yield* build)._tag, "Built")
        assert.strictEqual(spawnSync(sidecar).stdout.toString(), "43\n")
        // Another file: a process that has the old one loaded keeps it.
        assert.notStrictEqual(statSync(file).ino, ino)

        rmSync(file)
        assert.strictEqual((yield* build)._tag, "Built")
        assert.strictEqual((yield* NativeBuild.build({ project: folder, force: true }))._tag, "Built")
        assert.deepInclude(yield* NativeBuild.build({ project: folder, feature: "loud" }), {
          _tag: "Built",
          file: join(folder, "native", "dist", "loud", `${platform}.node`)
        })
      }),
    120_000
  )

  it.live.skipIf(!hasCargo)(
    "fails with the errors of the compiler, and leaves what was there",
    () =>
      Effect.gen(function*() {
        const folder = yield* project
        write(folder, "native/core/src/lib.rs", "pub fn answer() -> i32 { \"42\" }\n")
        const error = yield* Effect.flip(NativeBuild.build({ project: folder }))
        assert.include(error.message, "could not build the native module")
        assert.include(error.output, "mismatched types")
        assert.isFalse(existsSync(join(folder, "native", "dist")))
      }),
    120_000
  )

  it.live.skipIf(!hasCargo)("says what is wrong with the crates", () =>
    Effect.gen(function*() {
      const folder = yield* project
      write(folder, "native/node/Cargo.toml", files["native/node/Cargo.toml"].replace("cdylib", "rlib"))
      const none = yield* Effect.flip(NativeBuild.build({ project: folder }))
      assert.include(none.message, "is a cdylib; give one of them crate-type = [\"cdylib\"]")
      write(folder, "Cargo.toml", "[workspace")
      const broken = yield* Effect.flip(NativeBuild.build({ project: folder }))
      assert.include(broken.message, "cargo cannot read")
      assert.include(broken.output, "Cargo.toml")
    }), 120_000)

  it.live("is nothing to do without crates, and without cargo", () =>
    Effect.gen(function*() {
      const folder = yield* project
      const before = process.env.PATH
      yield* Effect.acquireRelease(
        Effect.sync(() => {
          process.env.PATH = folder
        }),
        () =>
          Effect.sync(() => {
            process.env.PATH = before
          })
      )
      assert.deepStrictEqual(yield* NativeBuild.build({ project: folder }), { _tag: "NoCargo" })
      const manifest = join(folder, "Cargo.toml")
      rmSync(manifest)
      assert.deepStrictEqual(yield* NativeBuild.build({ project: folder }), { _tag: "NoCrates", manifest })
    }))
})
