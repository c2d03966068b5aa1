import * as Effect from "effect/Effect"
import { fileURLToPath } from "node:url"
import * as Deployer from "../../../src/node/Deployer.ts"
import { atMost, type Figure, type Suite } from "../harness/suite.ts"

const app = fileURLToPath(new URL("../../../test/bundle/fixtures/edge/app.ts", import.meta.url))
const out = fileURLToPath(new URL("../.cache/edge", import.meta.url))

const figures = Effect.gen(function*() {
  const built = yield* Deployer.build({ app, operations: ["task.complete"], target: "workerd", out })
  const { bare, worker } = yield* Deployer.coldStart(built, { rounds: 15 })
  const all: ReadonlyArray<Figure> = [
    { label: "bundle, gzip", value: built.size.gzip, unit: "bytes", budget: atMost(90_000) },
    { label: "bundle", value: built.size.raw, unit: "bytes" },
    { label: "until it listens", value: worker.listening, unit: "ms" },
    { label: "a bare worker, until it listens", value: bare.listening, unit: "ms" },
    { label: "until its first answer", value: worker.answer, unit: "ms" },
    { label: "a bare worker, until its first answer", value: bare.answer, unit: "ms" },
    {
      label: "until it listens / bare worker",
      value: worker.listening / bare.listening,
      unit: "ratio",
      budget: atMost(2.5)
    },
    {
      label: "until its first answer / bare worker",
      value: worker.answer / bare.answer,
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
    "Built by opbus deploy for workerd, and started in turn with a worker that only answers; the best of 15 starts each, from the start of the process. 1 KB is 1,000 bytes.",
  processes: 1,
  plan: () => Promise.resolve({ figures: () => Effect.runPromise(figures) })
} satisfies Suite
