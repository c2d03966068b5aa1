// A server process: `node remote/server.ts <kind>`. Tells its port, and its processor time whenever it is asked.
import { runOtherPrograms } from "../harness/mix.ts"
import { listen } from "./listen.ts"
import type { ServerKind } from "./subjects.ts"

const port = await listen[process.argv[2] as ServerKind]()
await runOtherPrograms(300)
process.on("message", () => {
  const { system, user } = process.cpuUsage()
  process.send!({ cpu: (system + user) * 1000 })
})
process.on("disconnect", () => process.exit(0))
process.send!({ port })
