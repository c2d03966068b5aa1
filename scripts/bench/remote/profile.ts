// `node --conditions=opbus-source scripts/bench/remote/profile.ts <http|ws> <subject> <in flight> <seconds> [folder]`
//
// Processor time per call of one subject, apart for client and server. With a folder both write a CPU profile into it,
// which Chrome's developer tools open.
import { mkdirSync, writeFileSync } from "node:fs"
import { Session } from "node:inspector/promises"
import { join } from "node:path"
import { runOtherPrograms } from "../harness/mix.ts"
import { httpCallers, socketCallers } from "./callers.ts"
import { cpuOfThis, ServerProcess } from "./processes.ts"
import { type HttpSubject, kindOf, type SocketSubject } from "./subjects.ts"

const [transport, subject, inFlight, seconds, folder] = process.argv.slice(2)
const callers = { ...(transport === "ws" ? socketCallers : httpCallers) } as typeof httpCallers
const name = subject as HttpSubject
const server = await ServerProcess.start(kindOf(name as HttpSubject | SocketSubject))
await runOtherPrograms(300)
const call = await callers[name](server.port)
await call(3_000, Number(inFlight), [])

const session = new Session()
if (folder !== undefined) {
  mkdirSync(folder, { recursive: true })
  session.connect()
  await session.post("Profiler.enable")
  await session.post("Profiler.start")
  await server.profile()
}
const [client, other, started] = [cpuOfThis(), await server.cpu(), performance.now()]
const latencies: Array<number> = []
while (performance.now() - started < Number(seconds) * 1000) await call(64, Number(inFlight), latencies)
const calls = latencies.length
const micros = (nanos: number): string => `${(nanos / calls / 1000).toFixed(1)} µs`
console.log(
  `${name}, ${inFlight} in flight: client ${micros(cpuOfThis() - client)}, server ${
    micros(await server.cpu() - other)
  }, ` +
    `wall ${micros((performance.now() - started) * 1e6)} per call, ${calls} calls`
)
if (folder !== undefined) {
  const { profile } = await session.post("Profiler.stop")
  writeFileSync(join(folder, "client.cpuprofile"), JSON.stringify(profile))
  writeFileSync(join(folder, "server.cpuprofile"), await server.profile())
}
process.exit(0)
