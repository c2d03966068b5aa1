/** A sidecar with a module "tally" that has the fault which its argument names. */
import { createInterface } from "node:readline"

const fault = process.argv[2]
const send = (text: string) => process.stdout.write(`${text}\n`)
const answer = (id: number, result: object) => send(JSON.stringify({ jsonrpc: "2.0", id, result }))
const ok = (id: number, value: unknown) => answer(id, { status: 0, value })

if (fault === "exits") {
  process.stderr.write("cannot open the display\n")
  process.exit(3)
}
if (fault === "stays") setInterval(() => {}, 1000)

let total = 0
const methods: Record<string, (id: number, params: any) => void> = {
  hello: (id) => {
    if (fault === "silent") return
    if (fault === "nonsense") return ok(id, { modules: 7 })
    ok(id, {
      protocol: fault === "old" ? 0 : 1,
      modules: [{
        name: "tally",
        specHash: "none",
        commands: [{ name: "tally/add" }, { name: "tally/count" }, { name: "tally/total" }]
      }]
    })
  },
  create: (id) => ok(id, { instance: 1, metricPrefix: null }),
  initialize: (id) => ok(id, { ready: true }),
  health: (id) => ok(id, fault === "odd" ? "fine" : { _tag: "Healthy" }),
  call: (id, { command, input }) => {
    if (command !== 0) return ok(id, total)
    switch (fault) {
      case "noisy":
        send("INFO starting up")
        send("{\"id\":")
        send("[1,2]")
        send("{\"id\":999,\"result\":{\"status\":0}}")
        return ok(id, { total: total += input.by })
      case "odd":
        return ok(id, { sum: 1 })
      case "empty":
        return send(JSON.stringify({ id }))
      case "error":
        return send(JSON.stringify({ id, error: { code: -32602, message: "there is no instance 1" } }))
      case "full":
        return answer(id, { status: 3, message: "16384 calls are waiting already; try again later" })
      case "torrent":
        return process.stdout.write("x".repeat(200_000))
      case "dies":
        return process.exit(9)
      default:
        return ok(id, { total: total += input.by })
    }
  },
  open: (id) => ok(id, 1),
  next: (id) => fault === "dies" ? process.exit(9) : answer(id, { status: 5, items: [1, 2] }),
  shutdown: (id) => fault === "stays" ? undefined : ok(id, null)
}

createInterface({ input: process.stdin }).on("line", (line) => {
  const { id, method, params } = JSON.parse(line)
  methods[method]?.(id, params)
})
