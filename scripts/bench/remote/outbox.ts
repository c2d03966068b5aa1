import { createClient } from "@libsql/client"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { SqlClient } from "effect/sql"
import { mkdirSync, mkdtempSync, rmSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { Operation, OperationInvoker, OperationRegistry } from "../../../src/index.ts"
import { OperationServer, Outbox, type OutboxOptions, RemoteInvoker } from "../../../src/remote/index.ts"
import { SqlOutbox } from "../../../src/remote/SqlOutbox.ts"
import { SqlResultStore } from "../../../src/remote/SqlResultStore.ts"
import { LibsqlClient } from "../../../src/sql/index.ts"
import { build } from "../harness/app.ts"
import { taskAt } from "../harness/loop.ts"
import { atLeast, atMost, type Case, type Plan, time } from "../harness/suite.ts"
import { complete, type Task, Task as TaskSchema } from "../limit.ts"
import { cpuOfThis } from "./processes.ts"

export type Synchronous = "NORMAL" | "FULL"

/** On the disk of the repository: what is temporary may be in memory, where a sync costs nothing. */
const cache = fileURLToPath(new URL("../.cache/", import.meta.url))
mkdirSync(cache, { recursive: true })
const folder = mkdtempSync(join(cache, "outbox-"))
process.on("exit", () => rmSync(folder, { recursive: true, force: true }))

const Save = Operation.make({ meta: { key: "task.save" }, input: TaskSchema, output: TaskSchema })

const taskTable = "CREATE TABLE task (id TEXT, title TEXT, count REAL, tags TEXT, done INTEGER)"
const insertTask = "INSERT INTO task (id, title, count, tags, done) VALUES (?, ?, ?, ?, ?)"
const rowOf = ({ count, done, id, tags, title }: Task) => [id, title, count, JSON.stringify(tags), done ? 1 : 0]

const database = (name: string, synchronous: Synchronous) =>
  LibsqlClient.layer({ url: join(folder, `${name}.db`), synchronous })

/** Room for whatever a benchmark puts in. */
const room: OutboxOptions = { maxCount: 1e9, maxBytes: 1e12, maxOutcomes: 1e9 }

const outboxOver = (name: string, synchronous: Synchronous, remote: Layer.Layer<RemoteInvoker.RemoteInvoker>) =>
  build(
    Layer.fresh(SqlOutbox.layer(room)).pipe(Layer.provide([database(name, synchronous), remote]), Layer.orDie)
  )

/** The other side never answers: what is accepted only waits. */
const silent = Layer.succeed(RemoteInvoker.RemoteInvoker, {
  invoke: () => Effect.never,
  invokeStream: () => {
    throw new Error("not used here")
  },
  invokeKey: () => Effect.never
})

/** A server whose handler writes a row, and remembers its answer, in one transaction. */
const server = (synchronous: Synchronous) =>
  RemoteInvoker.layerInProcess().pipe(
    Layer.provide(OperationServer.layer({ expose: [Save] })),
    Layer.provide(Layer.orDie(SqlResultStore.layer())),
    Layer.provide(Save.toLayer((task) =>
      Effect.flatMap(SqlClient.SqlClient, (sql) =>
        Effect.as(Effect.orDie(sql.unsafe(insertTask, rowOf(task))), complete(task)))
    )),
    Layer.provide(Layer.provideMerge(OperationInvoker.layer, OperationRegistry.layer)),
    Layer.provideMerge(Layer.effectDiscard(
      Effect.orDie(Effect.flatMap(SqlClient.SqlClient, (sql) =>
        sql.unsafe(taskTable)))
    )),
    Layer.provide(Layer.orDie(database("server", synchronous)))
  )

/** So many fibers that each accept the next call, and with `answered` wait for its outcome. */
const accepting = (
  context: Context.Context<Outbox>,
  fibers: number,
  lane: (fiber: number) => string,
  answered: boolean
) =>
(count: number): Promise<void> => {
  const outbox = Context.get(context, Outbox)
  let i = 0
  const loop = (fiber: number) =>
    Effect.whileLoop({
      while: () => i < count,
      body: () => {
        const accepted = outbox.enqueue(Save, taskAt(i++), { lane: lane(fiber) })
        return Effect.flatMap(accepted, (receipt): Effect.Effect<unknown, unknown> =>
          answered ? receipt.await : Effect.void)
      },
      step: () => {}
    })
  return Effect.runPromise(
    fibers === 1 ? loop(0) : Effect.forEach(Array.from({ length: fibers }, (_, n) => n), loop, {
      concurrency: "unbounded",
      discard: true
    })
  )
}

/** The tables of an outbox and of a result store, without what only opbus needs. */
const openRaw = async (name: string, synchronous: Synchronous) => {
  const client = createClient({ url: `file:${join(folder, `${name}.db`)}` })
  await client.execute("PRAGMA journal_mode = WAL")
  await client.execute(`PRAGMA synchronous = ${synchronous}`)
  await client.execute(
    "CREATE TABLE call (position INTEGER PRIMARY KEY, lane TEXT, operation TEXT, idempotency_key TEXT, input TEXT, options TEXT, accepted_at INTEGER, state INTEGER DEFAULT 0, outcome TEXT)"
  )
  await client.execute("CREATE TABLE result (id TEXT PRIMARY KEY, operation TEXT, digest TEXT, answer TEXT)")
  await client.execute(taskTable)
  return client
}

const insertCall =
  "INSERT INTO call (lane, operation, idempotency_key, input, accepted_at) VALUES (?, ?, ?, ?, ?) RETURNING position"
const insertResult = "INSERT INTO result (id, operation, digest, answer) VALUES (?, ?, ?, ?)"
const endCall = "UPDATE call SET state = 1, outcome = ?, input = '' WHERE position = ?"

type Client = Awaited<ReturnType<typeof openRaw>>

const accept = (client: Client, key: string, task: Task) =>
  client.execute({ sql: insertCall, args: [Save.key, Save.key, key, JSON.stringify(task), Date.now()] })

/** Accepts durably, and no more. */
const rawAccept = async (synchronous: Synchronous) => {
  const client = await openRaw("raw", synchronous)
  return async (count: number) => {
    for (let i = 0; i < count; i++) await accept(client, crypto.randomUUID(), taskAt(i))
  }
}

/** Accept; the effect with its result; the acknowledgement. */
const rawTransactions = async (synchronous: Synchronous) => {
  const [here, there] = [await openRaw("raw-here", synchronous), await openRaw("raw-there", synchronous)]
  return async (count: number) => {
    for (let i = 0; i < count; i++) {
      const key = crypto.randomUUID()
      const task = taskAt(i)
      const { rows: [row] } = await accept(here, key, task)
      const answer = JSON.stringify(complete(task))
      await there.batch([
        { sql: insertResult, args: [key, Save.key, JSON.stringify(task), answer] },
        { sql: insertTask, args: rowOf(task) }
      ], "write")
      await here.execute({ sql: endCall, args: [answer, row!["position"]!] })
    }
  }
}

export const outboxPlan = async (synchronous: Synchronous): Promise<Plan> => {
  const one = await outboxOver("accept", synchronous, silent)
  const many = await outboxOver("accept-64", synchronous, silent)
  const other = Layer.succeedContext(await build(server(synchronous)))
  const whole = await outboxOver("whole", synchronous, other)
  const lanes = await outboxOver("lanes", synchronous, other)
  const oneLane = () => Save.key
  const cases: ReadonlyArray<Case> = [
    { name: "@libsql/client insert", run: await rawAccept(synchronous), bytes: false },
    { name: "accept", run: accepting(one, 1, oneLane, false), bytes: false },
    { name: "accept, 64 at a time", run: accepting(many, 64, oneLane, false), bytes: false },
    { name: "three transactions by @libsql/client", run: await rawTransactions(synchronous), bytes: false },
    { name: "accept, deliver, acknowledge", run: accepting(whole, 1, oneLane, true), bytes: false },
    {
      name: "the same, 64 at a time in 16 lanes",
      run: accepting(lanes, 64, (n) => `lane-${n % 16}`, true),
      bytes: false
    }
  ]
  // What is promised is durable.
  const durable = synchronous === "FULL"
  const cpu = () => Promise.resolve(cpuOfThis())
  return {
    cases: cases.map((one) => ({ ...one, cpu })),
    comparisons: [
      time("accept", "@libsql/client insert", durable ? atMost(1.5) : undefined),
      time("accept", "accept, 64 at a time", durable ? atLeast(5) : undefined),
      time("accept, deliver, acknowledge", "three transactions by @libsql/client", durable ? atMost(1.5) : undefined),
      time("accept, deliver, acknowledge", "the same, 64 at a time in 16 lanes")
    ]
  }
}
