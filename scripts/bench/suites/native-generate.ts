import * as NodeServices from "@effect/platform-node/NodeServices"
import * as Effect from "effect/Effect"
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import * as SpecCompiler from "../../../src/spec/SpecCompiler.ts"
import { randomSpecs } from "../../../test/spec/support/randomSpec.ts"
import { spread } from "../harness/statistics.ts"
import { atMost, type Figure, type Suite } from "../harness/suite.ts"

const count = 312
const rounds = 5
const changes = 10

/** A project with that many specs, all different, of all adapters. */
const project = (): string => {
  const root = mkdtempSync(join(tmpdir(), "opbus-bench-specs-"))
  for (const { source, spec } of randomSpecs(count, count)) {
    mkdirSync(dirname(join(root, source)), { recursive: true })
    writeFileSync(join(root, source), `${JSON.stringify(spec, undefined, 2)}\n`)
  }
  return root
}

const changed = (text: string, round: number): string =>
  `${JSON.stringify({ ...JSON.parse(text), description: `Changed for the ${round}. time` }, undefined, 2)}\n`

const figures = Effect.gen(function*() {
  const cold: Array<number> = []
  const warm: Array<number> = []
  const told: Array<number> = []
  const touched: Array<number> = []
  let files = 0
  let bytes = 0
  for (let round = 0; round < rounds; round++) {
    const root = project()
    const opened = yield* SpecCompiler.open({ root })
    const started = performance.now()
    const { compilation, texts } = yield* opened.generate()
    cold.push(performance.now() - started)
    files = compilation.files.length
    bytes = texts.reduce((sum, { text }) => sum + text.length, 0)
    for (let change = 0; change < changes; change++) {
      const { source } = texts[(round * 61 + change * 31) % texts.length]!
      const file = join(root, source)
      writeFileSync(file, changed(readFileSync(file, "utf8"), change))
      // A watch is told which file has changed; whoever is not told reads all of them again.
      const named = change % 2 === 0
      const before = performance.now()
      const { written } = yield* opened.generate({ incremental: true, ...named ? { changed: new Set([source]) } : {} })
      const passed = performance.now() - before
      if (named) told.push(passed)
      else warm.push(passed)
      touched.push(written!.updated.length + written!.created.length)
    }
    rmSync(root, { recursive: true })
  }
  const all: ReadonlyArray<Figure> = [
    {
      label: `${count} specs, ${files} files, read to written`,
      value: spread(cold).median,
      unit: "ms",
      budget: atMost(2000)
    },
    { label: "the first time in a process", value: cold[0]!, unit: "ms", budget: atMost(2000) },
    { label: "a changed line, in a process that watches", value: spread(told).median, unit: "ms", budget: atMost(100) },
    { label: "its slowest", value: Math.max(...told), unit: "ms" },
    { label: "a changed line, all specs read again", value: spread(warm).median, unit: "ms", budget: atMost(100) },
    { label: "files that it writes, of a command, at most", value: Math.max(...touched), unit: "ratio" },
    { label: "text of the specs", value: bytes, unit: "bytes" }
  ]
  return all
}).pipe(Effect.provide(NodeServices.layer))

export default {
  group: "native",
  title: `compiling ${count} specs`,
  about:
    "Random specs with everything that the format has, of all adapters; all files are written to a new folder. Time of the clock on the wall, in this process.",
  processes: 1,
  alone: true,
  plan: () => Promise.resolve({ figures: () => Effect.runPromise(figures) })
} satisfies Suite
