/**
 * Kills a real process with SIGKILL, at random and at named moments, and looks at what it has left behind (H10).
 *
 * - What had returned is there: its data and its entry, and each entry can be undone.
 * - What was undone stays undone, and can be redone.
 * - Of what had not returned, an entry is there or not; an open group is an entry, an open transaction is taken back.
 * - Nothing was taken back or done twice, unless it is idempotent.
 */
import { Effect, References } from "effect"
import { spawn } from "node:child_process"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { fileURLToPath } from "node:url"
import { HistoryTracker } from "opbus"
import type { HistoryEntry } from "opbus/history"
import { actionOf, application, filesIn, noMoments, read } from "../fixtures/killable.ts"
import { Random } from "./random.ts"

const program = fileURLToPath(new URL("../fixtures/killed.ts", import.meta.url))

const handler = ["start", "written", "handled", "before-write", "after-write"]

/** Every moment at which a process is stopped before it is killed. */
export const moments: ReadonlyArray<string> = [
  ...["mark", "tally", "group", "transaction", "rollback"].flatMap((phase) =>
    handler.map((point) => `${phase}:${point}`)
  ),
  ...["written", "handled", "before-write", "after-write"].map((point) => `both:${point}`),
  ...["before-write", "after-write"].map((point) => `flag:${point}`),
  ...["undo", "redo"].flatMap((phase) =>
    ["before-claim", "after-claim", ...handler].map((point) => `${phase}:${point}`)
  )
]

/** One life of a process: what it was told, and what it told before it was killed. */
interface Life {
  readonly first: number
  readonly lines: ReadonlyArray<string>
}

interface Kill {
  readonly seed: number
  readonly joined: boolean
  /** Undefined: at random, this many milliseconds after the process is ready. */
  readonly moment: string | undefined
  readonly passes: number
  readonly millis: number
}

const live = (folder: string, first: number, kill: Kill): Promise<Life> =>
  new Promise((resolve, reject) => {
    const child = spawn(
      process.execPath,
      [
        "--conditions=opbus-source",
        program,
        folder,
        String(kill.seed),
        String(first),
        kill.joined ? "joined" : "apart",
        ...(kill.moment === undefined ? [] : [kill.moment, String(kill.passes)])
      ],
      { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, NODE_OPTIONS: "" } }
    )
    let output = ""
    let errors = ""
    let timer: NodeJS.Timeout | undefined
    const shoot = () => child.kill("SIGKILL")
    // A moment that does not come is a random one.
    const patience = setTimeout(shoot, 60_000)
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      output += text
      if (kill.moment === undefined && timer === undefined && output.startsWith("ready")) {
        timer = setTimeout(shoot, kill.millis)
      }
      if (kill.moment !== undefined && (/^at /m.test(output) || /^do \d*300 /m.test(output))) {
        shoot()
      }
    })
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      errors += text
    })
    child.on("error", reject)
    child.on("close", (code, signal) => {
      clearTimeout(timer)
      clearTimeout(patience)
      if (signal !== "SIGKILL" || output.includes("broken")) {
        reject(
          new Error(
            `the process ended by itself (${code ?? signal}): ${output.split("\n").at(-2)} ${errors.slice(0, 500)}`
          )
        )
      } else resolve({ first, lines: output.split("\n").slice(0, -1) })
    })
  })

/** What must be there after a life, as far as the process had said. */
interface Expected {
  readonly live: Set<string>
  readonly undone: Array<string>
  /** Synchronous ones that nothing durable has followed: the last of them may be missing. */
  readonly soft: Array<string>
  /** What it was about to do. */
  inFlight: { readonly i: string; readonly kind: string } | undefined
  readonly rolledBack: Set<string>
  /** What an earlier life had not finished: its data may be there without an entry. */
  readonly leftover: Set<string>
  readonly problems: Array<string>
}

const follow = (expected: Expected, life: Life): void => {
  const { leftover, live, rolledBack, soft, undone } = expected
  if (expected.inFlight !== undefined) leftover.add(expected.inFlight.i)
  let doing: { readonly i: string; readonly kind: string } | undefined
  for (const line of life.lines) {
    const [word, i, rest] = line.split(/ (.*?)(?: (.*))?$/) as [string, string, string | undefined]
    if (word === "do") doing = { i, kind: rest! }
    if ((word !== "ack" && word !== "nak") || doing === undefined) continue
    const { kind } = doing
    doing = undefined
    if (word === "nak") {
      if (kind === "rollback") rolledBack.add(i)
      else if ((kind !== "undo" || rest !== "NothingToUndo") && (kind !== "redo" || rest !== "NothingToRedo")) {
        expected.problems.push(`${kind} ${i} failed before the kill: ${rest}`)
      }
      continue
    }
    if (kind === "undo") {
      live.delete(rest!)
      undone.push(rest!)
    } else if (kind === "redo") {
      undone.splice(undone.indexOf(rest!), 1)
      live.add(rest!)
    } else if (kind !== "flush") {
      live.add(i)
      if (kind !== "flag") undone.length = 0
    }
    if (kind === "flag") soft.push(i)
    else soft.length = 0
  }
  expected.inFlight = doing
}

/** What a restarted application finds, before and after it undoes everything. */
interface Found {
  readonly entries: ReadonlyArray<HistoryEntry>
  readonly data: ReadonlyMap<string, number>
  readonly problems: ReadonlyArray<string>
  readonly undone: ReadonlyArray<string>
  /** Why undoing stopped. */
  readonly end: string
  readonly rest: ReadonlyArray<HistoryEntry>
  readonly restData: ReadonlyMap<string, number>
}

const restart = (folder: string, joined: boolean, undoAll: boolean): Promise<Found> => {
  const files = filesIn(folder)
  return Effect.runPromise(
    Effect.gen(function*() {
      // What a transaction has left is rolled back once its handlers are there, which is now.
      yield* HistoryTracker.flush
      const entries = yield* HistoryTracker.entries
      const data = yield* read(files)
      const { problems } = yield* HistoryTracker.state
      const undone: Array<string> = []
      let end = "not asked"
      while (undoAll) {
        const result = yield* Effect.result(HistoryTracker.undo)
        if (result._tag === "Failure") {
          end = result.failure.reason._tag
          break
        }
        undone.push(actionOf(result.success))
      }
      return {
        entries,
        data,
        problems: problems.map(({ kind, message }) => `${kind}: ${message}`),
        undone,
        end,
        rest: yield* HistoryTracker.entries,
        restData: yield* read(files)
      }
    }).pipe(
      Effect.provide(application(files, noMoments, joined)),
      // What is uncertain or cannot be rolled back is told in the log, too; here it is judged.
      Effect.provideService(References.MinimumLogLevel, "None")
    )
  )
}

/** What is wrong with what was found; nothing, if all is well. */
const judge = (expected: Expected, found: Found, joined: boolean, undoAll: boolean): ReadonlyArray<string> => {
  const wrong = [...expected.problems]
  const { inFlight, live, rolledBack, soft, undone } = expected
  // An entry that was left in the middle of its undo or redo is split there; the part with the open step is uncertain.
  const entries = new Map<string, HistoryEntry>()
  for (const entry of found.entries) {
    const other = entries.get(actionOf(entry))
    if (other !== undefined && !other.uncertain && !entry.uncertain) wrong.push(`#${actionOf(entry)} is there twice`)
    if (other?.uncertain !== true) entries.set(actionOf(entry), entry)
  }
  const numbers = [...live].map(Number).sort((a, b) => a - b)
  const newest = numbers.length === 0 ? undefined : String(numbers.at(-1))
  const dataOf = (i: string, data = found.data) => [...data].filter(([id]) => id.split(".")[0] === i)
  const acting = inFlight !== undefined && !["undo", "redo", "flush"].includes(inFlight.kind)
  const undoing = inFlight?.kind === "undo"
  const redoing = inFlight?.kind === "redo" ? undone.at(-1) : undefined
  // Redone entries are newer than their numbers say, so what is being undone is told by the entry itself.
  const maybeUndone = (i: string) =>
    undoing && (i === newest || entries.get(i)?.uncertain === true || entries.get(i)?.status === "undone")
  let undoneInFlight = 0

  if (found.entries.length - entries.size > (undoing || inFlight?.kind === "redo" ? 1 : 0)) {
    wrong.push("an entry is there twice")
  }
  const missing = soft.findIndex((i) => !entries.has(i))
  for (const i of live) {
    const entry = entries.get(i)
    if (entry === undefined) {
      if (!soft.includes(i)) wrong.push(`#${i} had returned, and its entry is missing`)
      else if (soft.slice(missing).some((later) => entries.has(later))) {
        wrong.push(`#${i} is missing, and a later one is there`)
      }
      continue
    }
    if (entry.status === "undone" || entry.uncertain) {
      if (!maybeUndone(i)) {
        wrong.push(`#${i} had returned, and its entry is ${entry.uncertain ? "uncertain" : "undone"}`)
      } else undoneInFlight++
      continue
    }
    if (!undoing && dataOf(i).length === 0) wrong.push(`#${i} had returned, and its data is missing`)
  }
  if (undoneInFlight > 1) wrong.push(`${undoneInFlight} entries were undone by one undo`)
  for (const i of undone) {
    const entry = entries.get(i)
    if (entry === undefined) {
      if (!acting && soft.length === 0) wrong.push(`#${i} was undone, and cannot be redone`)
      continue
    }
    if (i === redoing) continue
    if (entry.status !== "undone" || entry.uncertain) wrong.push(`#${i} was undone, and its entry is ${entry.status}`)
    if (dataOf(i).length > 0) wrong.push(`#${i} was undone, and its data is there`)
  }
  for (const i of rolledBack) {
    if (entries.has(i)) wrong.push(`the transaction #${i} was rolled back, and there is an entry`)
    if (dataOf(i).length > 0) wrong.push(`the transaction #${i} was rolled back, and its data is there`)
  }
  for (const [i, entry] of entries) {
    if (live.has(i) || undone.includes(i) || (acting && i === inFlight.i)) continue
    wrong.push(`there is an entry of #${i} (${entry.status}), which nobody knows`)
  }
  for (const [id, n] of found.data) if (n < 0 || n > 1) wrong.push(`${id} was done ${n} times`)
  if (acting && inFlight.kind === "transaction" || inFlight?.kind === "rollback") {
    const { i } = inFlight!
    const reported = found.problems.some((problem) => problem.startsWith("Rollback"))
    const whole = entries.has(i) && inFlight!.kind === "transaction"
    // The step whose write the history had not seen yet cannot be taken back.
    if (!whole && !reported && dataOf(i).length > 1) {
      wrong.push(`the transaction #${i} was open, and ${dataOf(i).map(([id]) => id).join(", ")} stayed`)
    }
    if (entries.has(i) && !whole && !reported) wrong.push(`the transaction #${i} was open, and is an entry`)
  }
  if (
    joined && acting && ["mark", "tally"].includes(inFlight.kind) &&
    entries.has(inFlight.i) !== dataOf(inFlight.i).length > 0
  ) {
    wrong.push(`#${inFlight.i}: its entry and its data were to be written together`)
  }
  if (!undoAll) return wrong

  const uncertain = found.rest.filter((entry) => entry.uncertain)
  if (found.end !== "NothingToUndo" && !(found.end === "NotUndoable" && uncertain.length > 0)) {
    wrong.push(`undoing everything ends with ${found.end}`)
  }
  for (const entry of found.rest) {
    if (entry.status !== "live") continue
    const idempotent = entry.steps.every((step) => step.inverse !== "tally.add")
    if (!entry.uncertain || idempotent) wrong.push(`#${actionOf(entry)} cannot be undone`)
  }
  for (const [id, n] of found.restData) {
    const i = id.split(".")[0]!
    if (n < 0 || n > 1) wrong.push(`after undoing everything, ${id} was done ${n} times`)
    const left = i === inFlight?.i || expected.leftover.has(i) || i === redoing || uncertain.some((entry) =>
      actionOf(entry) === i
    ) ||
      (soft.includes(i) && !entries.has(i))
    if (!left) wrong.push(`after undoing everything, ${id} is still there`)
  }
  return wrong
}

/** One or two lives of one application, each of them ended by SIGKILL. Gives what is wrong, with the last lines. */
export const killOnce = async (kill: Kill): Promise<ReadonlyArray<string>> => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "opbus-kill-"))
  try {
    const random = new Random(kill.seed)
    const expected: Expected = {
      live: new Set(),
      undone: [],
      soft: [],
      inFlight: undefined,
      rolledBack: new Set(),
      leftover: new Set(),
      problems: []
    }
    const lives = random.chance(0.3) ? 2 : 1
    for (let n = 0; n < lives; n++) {
      const life = await live(folder, n * 1000 + 1, n === 0 ? kill : { ...kill, seed: kill.seed + 7_919 })
      follow(expected, life)
      const undoAll = n === lives - 1
      const found = await restart(folder, kill.joined, undoAll)
      const wrong = judge(expected, found, kill.joined, undoAll)
      if (wrong.length > 0) {
        const entries = found.entries.map((entry) =>
          `#${actionOf(entry)} ${entry.status}${entry.uncertain ? "?" : ""} ${
            entry.steps.map(({ key }) => key).join("+")
          }`
        )
        return [
          ...wrong,
          ...found.problems,
          `the entries: ${entries.slice(-8).join(" | ")}`,
          `the last lines: ${life.lines.slice(-12).join(" | ")}`
        ]
      }
      // What was found is what the next life begins with.
      const lost = [...expected.soft]
      expected.live.clear()
      expected.undone.length = 0
      expected.soft.length = 0
      expected.rolledBack.clear()
      for (const i of lost) if (!found.entries.some((entry) => actionOf(entry) === i)) expected.leftover.add(i)
      for (const entry of found.entries) {
        if (entry.uncertain) return []
        if (entry.status === "live") expected.live.add(actionOf(entry))
        else expected.undone.push(actionOf(entry))
      }
    }
    return []
  } catch (error) {
    return [String(error)]
  } finally {
    fs.rmSync(folder, { recursive: true, force: true })
  }
}

/** The kills of a campaign: every moment in turn, and a third of them at random. */
export const kills = (count: number, seed: number, only?: string): ReadonlyArray<Kill> => {
  const random = new Random(seed)
  const named = only === undefined ? random.shuffled(moments) : [only]
  return Array.from({ length: count }, (_, k) => ({
    seed: random.int(1, 1_000_000),
    joined: random.chance(0.4),
    moment: only === undefined && k % 3 === 2 ? undefined : named[(k - Math.floor(k / 3)) % named.length],
    passes: random.int(0, 4),
    millis: random.int(0, 120)
  }))
}

export const describeKill = (kill: Kill): string =>
  `${kill.moment === undefined ? `after ${kill.millis} ms` : `at ${kill.moment}, the ${kill.passes + 1}. time`}${
    kill.joined ? ", one transaction" : ""
  } (seed ${kill.seed})`

/** Gives the exit code. */
export const campaignKill = async (
  options: { readonly count: number; readonly seed: number; readonly moment: string | undefined }
): Promise<number> => {
  if (options.moment !== undefined && !moments.includes(options.moment)) {
    console.error(`There is no moment "${options.moment}". There are:\n  ${moments.join("\n  ")}`)
    return 2
  }
  const started = performance.now()
  const counts = new Map<string, number>()
  let failed = 0
  let done = 0
  const queue = [...kills(options.count, options.seed, options.moment)]
  const worker = async () => {
    for (let kill = queue.shift(); kill !== undefined; kill = queue.shift()) {
      const wrong = await killOnce(kill)
      const name = kill.moment ?? "at random"
      counts.set(name, (counts.get(name) ?? 0) + 1)
      done++
      if (wrong.length > 0) {
        failed++
        console.log(`killed ${describeKill(kill)}:\n  ${wrong.join("\n  ")}`)
      }
      if (done % 20 === 0) console.log(`${done} of ${options.count} kills`)
    }
  }
  await Promise.all([worker(), worker()])
  for (const [name, count] of [...counts].sort(([a], [b]) => a < b ? -1 : 1)) {
    console.log(`  ${name.padEnd(26)} ${count}`)
  }
  console.log(
    `\n${done} kills, seed ${options.seed}, ${((performance.now() - started) / 1000).toFixed(0)} s: ${
      failed === 0 ? "nothing that had returned is missing" : `${failed} left something wrong`
    }`
  )
  if (failed > 0) console.log(`  npm run campaign -- kill --count ${options.count} --seed ${options.seed}`)
  return failed === 0 ? 0 : 1
}
