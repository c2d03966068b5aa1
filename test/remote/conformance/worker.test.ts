import { NodeWorker } from "@effect/platform-node"
import * as Layer from "effect/Layer"
import { Worker } from "node:worker_threads"
import { RemoteInvoker } from "opbus/remote"
import { suite } from "./suite.ts"

let wire = ""

const spawn = () => {
  const worker = new Worker(new URL("worker.ts", import.meta.url), { execArgv: ["--conditions=opbus-source"] })
  worker.on("message", (message) => {
    const text = JSON.stringify(message)
    if (text.length < 100_000) wire += text
  })
  return worker
}

suite(
  "worker thread",
  RemoteInvoker.layerWorker().pipe(Layer.provide(NodeWorker.layer(spawn))),
  { wire: () => wire }
)
