import { execFileSync } from "node:child_process"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { buildPackage } from "../harness/built.ts"
import { spread } from "../harness/statistics.ts"
import type { Figure, Suite } from "../harness/suite.ts"

const runs = 15
const here = fileURLToPath(new URL("..", import.meta.url))

/** Milliseconds of processor time that a fresh process needs to import modules, beside what Node itself needs. */
const importMillis = (modules: ReadonlyArray<string>): number => {
  const imports = modules.map((module) => `await import(${JSON.stringify(module)})`).join("\n")
  const script = `const before = process.cpuUsage()
${imports}
const { system, user } = process.cpuUsage(before)
process.stdout.write(String((system + user) / 1000), () => process.exit(0))`
  return Number(execFileSync(process.execPath, ["--input-type=module", "-e", script], { cwd: here, encoding: "utf8" }))
}

export default {
  group: "startup",
  title: "cold import",
  about: `Processor time of importing into a fresh process, the compiled package; median of ${runs}, in turn.`,
  processes: 1,
  plan: async () => ({
    figures: async () => {
      const dist = buildPackage()
      const effect = ["effect/Effect", "effect/Layer", "effect/Schema", "effect/Stream"]
      const subjects: ReadonlyArray<readonly [label: string, modules: ReadonlyArray<string>]> = [
        ["effect: Effect, Layer, Schema, Stream", effect],
        ["opbus/operation, with effect", [join(dist, "operation/index.js")]],
        ["opbus, with effect", [join(dist, "index.js")]],
        ["opbus and opbus/jit, with effect", [join(dist, "jit.js"), join(dist, "index.js")]],
        ["@trpc/server", ["@trpc/server"]],
        ["@orpc/server", ["@orpc/server"]],
        ["@nestjs/cqrs, with core and common", ["reflect-metadata", "@nestjs/core", "@nestjs/cqrs"]],
        ["zundo, with zustand and react", ["zundo", "zustand/vanilla"]],
        ["yjs", ["yjs"]]
      ]
      const samples = subjects.map((): Array<number> => [])
      for (let run = 0; run < runs; run++) {
        for (const [i, [, modules]] of subjects.entries()) samples[i]!.push(importMillis(modules))
      }
      return subjects.map(([label], i): Figure => {
        const { median, min, p25, p75 } = spread(samples[i]!)
        const note = `min ${min.toFixed(1)}, p25 ${p25.toFixed(1)}, p75 ${p75.toFixed(1)}`
        return { label, value: median, unit: "ms", note }
      })
    }
  })
} satisfies Suite
