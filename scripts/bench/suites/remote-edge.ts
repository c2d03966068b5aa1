import * as Effect from "effect/Effect"
import { fileURLToPath } from "node:url"
import * as Deployer from "../../../src/node/Deployer.ts"
import { spread } from "../harness/statistics.ts"
import { atMost, type Figure, type Suite } from "../harness/suite.ts"

const app = fileURLToPath(new URL("../../../test/bundle/fixtures/edge/app.ts", import.meta.url))
const out = fileURLToPath(new URL("../.cache/edge", import.meta.url))

/** One lucky start of either would decide over all of them, so the starts are compared in small lots. */
const lots = 9

const figures = Effect.gen(function*() {
  const built = yield* Deployer.build({ app, operations: ["task.complete"], target: "workerd", out })
  const measured = yield* Effect.forEach(
    Array.from({ length: lots }),
    () => Deployer.coldStart(built, { rounds: 2 })
  )
  const of = (value: (one: Deployer.Measured) => number) => spread(measured.map(value)).median
  const all: ReadonlyArray<Figure> = [
    { label: "bundle, gzip", value: built.size.gzip, unit: "bytes", budget: atMost(90_000) },
    { label: "bundle", value: built.size.raw, unit: "bytes" },
    { label: "until it listens", value: of(({ worker }) => worker.listening), unit: "ms" },
    { label: "a bare worker, until it listens", value: of(({ bare }) => bare.listening), unit: "ms" },
    { label: "until its first answer", value: of(({ worker }) => worker.answer), unit: "ms" },
    { label: "a bare worker, until its first answer", value: of(({ bare }) => bare.answer), unit: "ms" },
    {
      label: "until it listens / bare worker",
      value: of(({ bare, worker }) => worker.listening / bare.listening),
      unit: "ratio",
      budget: atMost(2.5)
    },
    {
      label: "until its first answer / bare worker",
      value: of(({ bare, worker }) => worker.answer / bare.answer),
      unit: "ratio",
      budget: atMost(2.5)
    }
  ]
  return all
})

export default {
  group: "remote",
  title: "an edge worker of one small handler",
  about:
    "Built by opbus deploy for workerd, and started in turn with a worker that only answers; the median of 9 lots of the better of two starts each, from the start of the process. 1 KB is 1,000 bytes.",
  processes: 1,
  plan: () => Promise.resolve({ figures: () => Effect.runPromise(figures) })
} satisfies Suite
