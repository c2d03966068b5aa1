// A server process: `node remote/server.ts <kind>`. Tells its port, and what it is asked.
import { Session } from "node:inspector/promises"
import { runOtherPrograms } from "../harness/mix.ts"
import { listen } from "./listen.ts"
import type { ServerKind } from "./subjects.ts"

const port = await listen[process.argv[2] as ServerKind]()
await runOtherPrograms(300)

const session = new Session()
let profiling = false

/** Starts a CPU profile, or ends it and gives its text. */
const profile = async (): Promise<string> => {
  if (profiling) return JSON.stringify((await session.post("Profiler.stop")).profile)
  profiling = true
  session.connect()
  await session.post("Profiler.enable")
  await session.post("Profiler.start")
  return ""
}

process.on("message", async (question) => {
  const { system, user } = process.cpuUsage()
  process.send!(question === "cpu" ? { cpu: (system + user) * 1000 } : { profile: await profile() })
})
process.on("disconnect", () => process.exit(0))
process.send!({ port })
