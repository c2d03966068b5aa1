/**
 * The Rust side, where cargo is present: format, lints, the tests of the crates. `node scripts/rust.ts`. Without cargo
 * nothing is checked here, and everything else runs on the TypeScript implementations.
 */
import { existsSync } from "node:fs"
import { join } from "node:path"
import { command, root } from "./shared/command.ts"
import { report, type Result } from "./shared/report.ts"

const results: Array<Result> = []

const cargo = async (name: string, args: ReadonlyArray<string>, note?: (output: string) => string): Promise<void> => {
  const { code, output } = await command("cargo", args, { cwd: root, timeoutMillis: 15 * 60_000 })
  results.push({ name, ok: code === 0, detail: output, ...(note === undefined ? undefined : { note: note(output) }) })
}

/** The sum over the crates, from what `cargo test` prints. */
const counted = (output: string): string => {
  const sums = [...output.matchAll(/^test result: .*? (\d+) passed; (\d+) failed/gm)]
  const sum = (index: number) => sums.reduce((total, match) => total + Number(match[index]), 0)
  return `Rust: ran; ${sum(1)} tests of the crates passed, ${sum(2)} failed`
}

const { code, output } = await command("cargo", ["--version"])
if (code !== 0) {
  results.push({ name: "cargo", ok: true, note: "Rust: not run, there is no cargo; TypeScript implementations only" })
} else {
  const dist = join(root, "native", "dist", `${process.platform}-${process.arch}.node`)
  results.push({ name: "the native module is built", ok: existsSync(dist), detail: `${output}there is no ${dist}` })
  await cargo("cargo fmt", ["fmt", "--all", "--check"])
  await cargo("cargo clippy", [
    "clippy",
    "--offline",
    "--locked",
    "--all-targets",
    "--all-features",
    "--",
    "-D",
    "warnings"
  ])
  await cargo("cargo test", ["test", "--offline", "--locked", "--all-features"], counted)
}
report(results)
