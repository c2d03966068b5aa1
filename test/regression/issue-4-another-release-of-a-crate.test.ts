import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { spawnSync } from "node:child_process"
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import * as NativeBuild from "opbus/node/NativeBuild"
import { onTestFinished } from "vitest"

const crate = (name: string, more = "") =>
  `[package]\nname = "${name}"\nversion = "0.1.0"\nedition = "2021"\n[lib]\ndoctest = false\n${more}`

/** The time that npm gives to all files of all packages. */
const packed = new Date("1985-10-26T08:15:00Z")

const hasCargo = spawnSync("cargo", ["--version"]).status === 0

describe("a crate of a package from npm", () => {
  it.live.skipIf(!hasCargo)(
    "is built again when another release of the package is there",
    () =>
      Effect.gen(function*() {
        const folder = mkdtempSync(join(tmpdir(), "opbus-release-"))
        onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
        const write = (name: string, text: string, time?: Date) => {
          const file = join(folder, name)
          mkdirSync(dirname(file), { recursive: true })
          writeFileSync(file, text)
          if (time !== undefined) utimesSync(file, time, time)
        }
        const release = (answer: number) => {
          write("node_modules/pkg/Cargo.toml", crate("pkg"), packed)
          write("node_modules/pkg/src/lib.rs", `pub fn answer() -> i32 { ${answer} }\n`, packed)
        }
        write("Cargo.toml", "[workspace]\nmembers = [\"native\"]\nexclude = [\"node_modules\"]\nresolver = \"2\"\n")
        write(
          "native/Cargo.toml",
          crate(
            "app",
            "crate-type = [\"cdylib\", \"rlib\"]\n[dependencies]\npkg = { path = \"../node_modules/pkg\" }\n"
          )
        )
        write("native/src/lib.rs", "pub fn answer() -> i32 { pkg::answer() }\n")
        write("native/src/bin/sidecar.rs", "fn main() { println!(\"{}\", app::answer()); }\n")

        const answers: Array<string> = []
        for (const answer of [1, 2]) {
          release(answer)
          const outcome = yield* NativeBuild.build({ project: folder })
          assert.strictEqual(outcome._tag, "Built")
          if (outcome._tag === "Built") answers.push(spawnSync(outcome.sidecar!).stdout.toString().trim())
        }
        assert.deepStrictEqual(answers, ["1", "2"])
        assert.strictEqual((yield* NativeBuild.build({ project: folder }))._tag, "Unchanged")
      }),
    120_000
  )
})
