/**
 * Long runs of what `npm test` does briefly: random histories against the reference model, random interleavings, killed
 * processes, lost answers, and hostile frames.
 *
 *     npm run campaign -- history [--count 100000] [--seed N]
 */
import { spawnSync } from "node:child_process"
import { fileURLToPath } from "node:url"
import { parseArgs } from "node:util"

const usage = `Usage: npm run campaign -- <history | interleave | kill | delivery | frames | differential> [options]

history       runs random histories on the library and on the reference model, and compares them after every step
  --count <n>       how many (default 100000)
  --from <n>        the first seed (default 1)
  --seed <n>        only this one; prints the program, and where it fails also the shrunk one
  --store <name>    memory (default), or sql: SqlHistoryStore on a real file, with restarts
  --keep-going      go on after a failure; failing seeds are listed at the end, unshrunk
  --progress        a line per second

interleave    runs fibers that get in each other's way, and checks what must hold all the same
  --count, --from, --seed, --progress

kill          kills a child process at random and at named moments and looks what its history has kept
  --count <n>       how many kills (default 100)
  --seed <n>        of the moments and of what the child does (default 1)
  --moment <name>   only this one

delivery      queues calls, kills client and server, loses and doubles answers, and counts what was applied
  --count <n>       how many runs (default 200)
  --deliveries <n>  of all runs together (default 20000)
  --seed <n>        (default 1)

frames        sends mutated frames to a server over HTTP and WebSocket, and looks whether it is still well
  --count <n>       how many frames (default 100000)
  --seed <n>        (default 1)

differential  asks TypeScript, Rust and a sidecar the same, on random inputs; where cargo is
  --count <n>       how many inputs of each command (default 10000)
  --seed <n>

A failure ends with exit code 1 and the command that repeats it.`

if (!process.execArgv.includes("--conditions=opbus-source")) {
  // The library's sources, as in the tests.
  const { status } = spawnSync(
    process.execPath,
    ["--conditions=opbus-source", fileURLToPath(import.meta.url), ...process.argv.slice(2)],
    { stdio: "inherit" }
  )
  process.exit(status ?? 1)
}

const { positionals, values } = (() => {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        count: { type: "string" },
        from: { type: "string", default: "1" },
        seed: { type: "string" },
        store: { type: "string", default: "memory" },
        moment: { type: "string" },
        deliveries: { type: "string" },
        progress: { type: "boolean", default: false },
        "keep-going": { type: "boolean", default: false },
        help: { type: "boolean", short: "h", default: false }
      }
    })
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${usage}`)
    process.exit(2)
  }
})()

const integer = (name: "count" | "deliveries" | "from" | "seed", otherwise: number): number => {
  const text = values[name]
  if (text === undefined) return otherwise
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value < 0) {
    console.error(`--${name} wants a whole number, not ${text}`)
    process.exit(2)
  }
  return value
}

const [campaign] = positionals
if (values.help || campaign === undefined) {
  console.log(usage)
  process.exit(values.help ? 0 : 2)
}

switch (campaign) {
  case "history": {
    const { campaignHistory } = await import("../test/history/campaign/campaign.ts")
    if (values.store !== "memory" && values.store !== "sql") {
      console.error(`--store is memory or sql, not ${values.store}`)
      process.exit(2)
    }
    const single = values.seed !== undefined
    process.exitCode = await campaignHistory({
      count: single ? 1 : integer("count", 100_000),
      from: single ? integer("seed", 1) : integer("from", 1),
      store: values.store,
      verbose: single,
      progress: values.progress,
      keepGoing: values["keep-going"]
    })
    break
  }
  case "interleave": {
    const { campaignInterleave } = await import("../test/history/campaign/interleave.ts")
    const single = values.seed !== undefined
    process.exitCode = await campaignInterleave({
      count: single ? 1 : integer("count", 10_000),
      from: single ? integer("seed", 1) : integer("from", 1),
      progress: values.progress,
      verbose: single
    })
    break
  }
  case "kill": {
    const { campaignKill } = await import("../test/history/campaign/kill.ts")
    process.exitCode = await campaignKill({
      count: integer("count", 100),
      seed: integer("seed", 1),
      moment: values.moment
    })
    break
  }
  case "delivery": {
    const { run } = await import("../test/remote/delivery/campaign/delivery.ts")
    process.exitCode = await run({
      runs: integer("count", 200),
      deliveries: integer("deliveries", 20_000),
      seed: integer("seed", 1)
    })
    break
  }
  case "differential": {
    const { status } = spawnSync(process.execPath, ["node_modules/vitest/vitest.mjs", "run", "differential"], {
      cwd: fileURLToPath(new URL("..", import.meta.url)),
      env: {
        ...process.env,
        OPBUS_CALLS: String(integer("count", 10_000)),
        ...(values.seed === undefined ? {} : { OPBUS_SEED: String(integer("seed", 1)) })
      },
      stdio: "inherit"
    })
    process.exitCode = status ?? 1
    break
  }
  case "frames": {
    const { run } = await import("../test/remote/fuzz/frames.ts")
    process.exitCode = await run({ frames: integer("count", 100_000), seed: integer("seed", 1) })
    break
  }
  default:
    console.error(`There is no campaign "${campaign}".\n\n${usage}`)
    process.exitCode = 2
}
