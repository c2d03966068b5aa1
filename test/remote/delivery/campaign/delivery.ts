/**
 * Kills a client with an outbox and a server with a result store, at random and at named moments, while calls are
 * delivered over HTTP, and looks at what was applied (R3, R4).
 *
 * - What was accepted is applied, or given up with a reason; with one transaction it is never given up.
 * - Nothing is applied twice, and of what was not accepted at most what was being accepted is applied.
 * - Every lane is applied in the order of acceptance.
 * - Every outcome is the answer to its own call.
 */
import { createClient } from "@libsql/client"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { Random } from "../../../history/campaign/random.ts"
import { clientMoments, serverMoments } from "./application.ts"
import { bundle, Life, type Who } from "./processes.ts"

export interface DeliveryCampaignOptions {
  readonly runs: number
  /** Of all runs together. */
  readonly deliveries: number
  readonly seed: number
  /** How many runs at the same time. Default 2. */
  readonly workers?: number | undefined
  readonly log?: ((line: string) => void) | undefined
}

interface Kill {
  readonly who: Who
  /** Undefined: at random, after so many milliseconds. */
  readonly moment: string | undefined
  readonly passes: number
  readonly millis: number
}

interface Run {
  readonly seed: number
  readonly lanes: number
  readonly perLane: number
  readonly joined: boolean
  readonly chaos: boolean
  readonly kills: ReadonlyArray<Kill>
}

const describeKill = ({ millis, moment, passes, who }: Kill) =>
  `${who} ${moment === undefined ? `after ${millis} ms` : `at ${moment}, the ${passes + 1}. time`}`

/** What the client has said in all its lives. */
class Told {
  readonly done = new Map<string, number>()
  readonly accepted = new Map<string, Set<number>>()

  constructor(lanes: ReadonlyArray<string>) {
    for (const lane of lanes) {
      this.done.set(lane, 0)
      this.accepted.set(lane, new Set())
    }
  }

  read(life: Life): void {
    for (const line of life.lines) {
      const [word, lane, n] = line.split(" ") as [string, string, string]
      if (word === "do") this.done.set(lane, Math.max(this.done.get(lane)!, Number(n)))
      if (word === "ack") this.accepted.get(lane)!.add(Number(n))
    }
  }
}

interface Result {
  readonly wrong: ReadonlyArray<string>
  readonly deliveries: number
  readonly kills: ReadonlyArray<string>
  readonly uncertain: number
}

const perform = async (run: Run, programs: string): Promise<Result> => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "opbus-delivery-"))
  const files = { client: path.join(folder, "client.db"), server: path.join(folder, "server.db") }
  const lanes = Array.from({ length: run.lanes }, (_, i) => `lane${i}`)
  const told = new Told(lanes)
  const lives: { client: Life | undefined; server: Life | undefined } = { client: undefined, server: undefined }
  const kills: Array<string> = []
  let port = "0"
  let started = 0

  const startServer = async () => {
    const life = lives.server = new Life(programs, "server", [files.server, port, run.joined ? "joined" : "apart"])
    if (!await life.until(() => life.said("ready"), 60_000)) throw new Error(`no server: ${life.lines.join()}`)
    port = life.lines.find((line) => line.startsWith("ready"))!.split(" ")[1]!
  }
  const startClient = async () => {
    const life = lives.client = new Life(programs, "client", [
      files.client,
      port,
      String(run.seed + 7919 * started++),
      String(run.perLane),
      run.chaos ? "chaos" : "calm",
      ...lanes.map((lane) => `${lane}=${told.done.get(lane)! + 1}`)
    ])
    if (!await life.until(() => life.said("ready"), 60_000)) throw new Error(`no client: ${life.lines.join()}`)
  }
  const end = async (who: Who) => {
    const life = lives[who]!
    await life.kill()
    if (who === "client") told.read(life)
    return life
  }

  try {
    await startServer()
    await startClient()
    for (const kill of run.kills) {
      if (lives.client!.said("drained")) break
      const life = lives[kill.who]!
      if (kill.moment !== undefined) life.arm(kill.moment, kill.passes)
      const came = kill.moment === undefined
        ? await life.until(() => false, kill.millis)
        : await life.until(() => life.said("at"), 4_000)
      await end(kill.who)
      kills.push(kill.moment !== undefined && came ? kill.moment : `${kill.who} at random`)
      // Both are down for a while now and then.
      await (kill.who === "client" ? startClient() : startServer())
    }
    const client = lives.client!
    const drained = await client.until(() => client.said("drained"), 60_000)
    await end("client")
    await end("server")
    const { uncertain, wrong } = await judge(files, told, run, drained)
    return { wrong, uncertain, deliveries: run.lanes * run.perLane, kills }
  } catch (error) {
    return { wrong: [String(error)], uncertain: 0, deliveries: 0, kills }
  } finally {
    for (const life of [lives.client, lives.server]) if (life !== undefined && !life.over) await life.kill()
    fs.rmSync(folder, { recursive: true, force: true })
  }
}

const judge = async (
  files: { readonly client: string; readonly server: string },
  told: Told,
  run: Run,
  drained: boolean
): Promise<{ readonly wrong: ReadonlyArray<string>; readonly uncertain: number }> => {
  const rows = async (file: string, sql: string) => {
    const client = createClient({ url: `file:${file}` })
    try {
      return (await client.execute(sql)).rows as unknown as ReadonlyArray<Record<string, any>>
    } finally {
      client.close()
    }
  }
  const wrong: Array<string> = []
  const log = await rows(files.server, "SELECT lane, n FROM log ORDER BY at")
  const queue = await rows(
    files.client,
    "SELECT position, lane, input, state, outcome FROM opbus_outbox_call ORDER BY position"
  )
  if (!drained) wrong.push(`${queue.filter(({ state }) => state === 0).length} calls were not delivered in a minute`)

  const applied = new Map<string, Array<number>>()
  for (const { lane, n } of log) applied.set(lane, [...applied.get(lane) ?? [], n])
  const given = new Map<string, Set<number>>()
  let uncertain = 0
  for (const { input, lane, outcome, state } of queue) {
    const result = outcome === null ? undefined : JSON.parse(outcome)
    if (state === 2) {
      const { n } = JSON.parse(input)
      const tag = result.reason._tag === "Refused" ? result.reason.reason._tag : result.reason._tag
      if (tag === "Uncertain" && !run.joined) {
        uncertain++
        given.set(lane, (given.get(lane) ?? new Set()).add(n))
      } else wrong.push(`${lane} ${n} was given up: ${result.why}`)
    } else if (state === 1) {
      const { n, lane: of } = result.value
      if (of !== lane) wrong.push(`a call of ${lane} got the answer of ${of} ${n}`)
      if (!(applied.get(of) ?? []).includes(n)) wrong.push(`${of} ${n} is said to be done, and was not applied`)
    }
  }
  for (const [lane, accepted] of told.accepted) {
    const numbers = applied.get(lane) ?? []
    const counts = new Map<number, number>()
    for (const n of numbers) counts.set(n, (counts.get(n) ?? 0) + 1)
    for (const [n, count] of counts) if (count > 1) wrong.push(`${lane} ${n} was applied ${count} times`)
    for (const n of accepted) {
      if (!counts.has(n) && given.get(lane)?.has(n) !== true) wrong.push(`${lane} ${n} was accepted and is lost`)
    }
    numbers.forEach((n, i) => {
      if (i > 0 && n < numbers[i - 1]!) wrong.push(`${lane}: ${n} was applied after ${numbers[i - 1]!}`)
    })
    for (const n of counts.keys()) if (n > told.done.get(lane)!) wrong.push(`${lane} ${n} was never asked for`)
  }
  return { wrong, uncertain }
}

/** Every moment in turn, one in four at random. */
const plan = (options: DeliveryCampaignOptions): ReadonlyArray<Run> => {
  const random = new Random(options.seed)
  const moments = [
    ...clientMoments.map((moment) => ["client", moment] as const),
    ...serverMoments.map((moment) => ["server", moment] as const)
  ]
  const each = Math.ceil(options.deliveries / options.runs)
  let next = 0
  return Array.from({ length: options.runs }, (_, i): Run => {
    const lanes = random.int(2, 6)
    return {
      seed: random.int(1, 1_000_000),
      lanes,
      perLane: Math.ceil(each / lanes),
      joined: i % 4 !== 3,
      chaos: i % 2 === 1,
      kills: Array.from({ length: random.int(1, 3) }, (): Kill => {
        const passes = random.int(0, 12)
        const millis = random.int(0, 150)
        if (random.chance(0.25)) {
          return { who: random.pick(["client", "server"]), moment: undefined, passes, millis }
        }
        const [who, moment] = moments[next++ % moments.length]!
        return { who, moment, passes, millis }
      })
    }
  })
}

/** Gives the exit code. */
export const run = async (options: DeliveryCampaignOptions): Promise<number> => {
  const log = options.log ?? console.log
  const began = performance.now()
  const counts = new Map<string, number>()
  const queue = [...plan(options)]
  let [done, failed, deliveries, uncertain] = [0, 0, 0, 0]
  const programs = await bundle()
  const worker = async () => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const result = await perform(next, programs)
      done++
      deliveries += result.deliveries
      uncertain += result.uncertain
      for (const kill of result.kills) counts.set(kill, (counts.get(kill) ?? 0) + 1)
      if (result.wrong.length > 0) {
        failed++
        log(
          `${next.lanes} lanes of ${next.perLane}, ${next.joined ? "one transaction" : "apart"}, ${
            next.chaos ? "chaos" : "calm"
          }, seed ${next.seed}; killed ${next.kills.map(describeKill).join("; ")}:\n  ${
            result.wrong.slice(0, 20).join("\n  ")
          }`
        )
      }
      if (done % 10 === 0) log(`${done} of ${options.runs} runs, ${deliveries} deliveries`)
    }
  }
  try {
    await Promise.all(Array.from({ length: options.workers ?? 2 }, worker))
  } finally {
    fs.rmSync(programs, { recursive: true, force: true })
  }
  for (const [name, count] of [...counts].sort(([a], [b]) => a < b ? -1 : 1)) log(`  ${name.padEnd(22)} ${count}`)
  const kills = [...counts.values()].reduce((sum, count) => sum + count, 0)
  log(
    `${done} runs, ${kills} kills, ${deliveries} deliveries, seed ${options.seed}, ${
      ((performance.now() - began) / 1000).toFixed(0)
    } s: ${
      failed === 0
        ? `nothing lost, nothing applied twice, every lane in order; ${uncertain} given up as uncertain`
        : `${failed} runs went wrong`
    }`
  )
  if (failed > 0) {
    log(
      `  npm run campaign -- delivery --runs ${options.runs} --deliveries ${options.deliveries} --seed ${options.seed}`
    )
  }
  return failed === 0 ? 0 : 1
}
