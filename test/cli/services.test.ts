import { assert, describe, it } from "vitest"
import { fixture, json, lines, notes, opbus } from "./command.ts"

const services = (args: ReadonlyArray<string>, store?: string) =>
  opbus(["--app", fixture("serviced.ts"), "services", ...args], store === undefined ? {} : { env: { STORE: store } })

describe("opbus services", () => {
  it("lists the services of an application: health, admission, metrics and parameters", async () => {
    const { code, stderr, stdout } = await services([])
    assert.deepStrictEqual({ code, stderr }, { code: 0, stderr: "" })
    assert.deepStrictEqual(lines(stdout).map((line) => line.trim().split(/ {2,}/)), [
      ["SERVICE", "KIND", "HEALTH", "CALLS"],
      ["counter", "typescript", "healthy", "taken"],
      ["store", "typescript", "healthy", "taken"],
      ["counter"],
      ["METRIC", "VALUE"],
      ["clicks.clicks", "7"],
      ["clicks.by.left", "5"],
      ["clicks.by.right", "2"],
      ["PARAMETER", "VALUE", "DESCRIPTION"],
      ["step", "1", "How much a click counts"]
    ])
  })

  it("shows one that hangs, and one that is unhealthy, without waiting for either or being steered by it", async () => {
    const hanging = json((await services(["--json"], "hangs")).stdout).find(({ service }) => service === "store")
    assert.deepStrictEqual([hanging.health._tag, hanging.closed[0].reason], ["Unhealthy", "Quarantined"])
    const { stdout } = await services([], "sick")
    assert.match(stdout, /^store +typescript +unhealthy: the disk is \\x1b\[31mgone/m)
  })

  it("goes on with --watch, and tells what happens", async () => {
    const { stderr, stdout } = await opbus(
      ["--app", fixture("serviced.ts"), "services", "--watch", "--interval", "100ms", "--json"],
      {
        env: { STORE: "sick" },
        onOutput: (output, child) => {
          if (output.includes("escalated") && output.includes("\"Escalated\"")) child.kill("SIGINT")
        }
      }
    )
    const records = json(stdout)
    const escalated = records.find(({ _tag }) => _tag === "system.service.escalated")
    assert.deepStrictEqual([escalated.service, escalated.attempts], ["store", 1])
    assert.isAbove(records.filter(({ service, kind }) => service === "counter" && kind === "typescript").length, 1)
    assert.include(stderr, "Watching")
  })

  it("says what an application without services lacks, and what an interval looks like", async () => {
    const { run } = notes()
    const without = await run(["services"])
    assert.strictEqual(without.code, 2)
    assert.match(without.stderr, /^opbus: the application has no services: provide ManagedServices\.layer/)
    const interval = await services(["--interval", "soon"])
    assert.deepStrictEqual([interval.code, interval.stdout], [2, ""])
    assert.include(interval.stderr, "a duration is written like 500ms, 5s or 2m, not \"soon\"")
  })

  it("lists opbus's own services with --builtin", async () => {
    const { code, stdout } = await opbus(["services", "--builtin", "--json"])
    assert.strictEqual(code, 0)
    const rows = json(stdout)
    assert.deepStrictEqual(rows.map(({ service }) => service), ["gpu", "model-pool", "orm", "search", "system"])
    for (const row of rows) assert.deepStrictEqual([row.service, row.closed], [row.service, []])
    assert.strictEqual(rows.find(({ service }) => service === "orm").kind, "typescript")
    const search = rows.find(({ service }) => service === "search")
    assert.strictEqual(search.metrics.documents, 0)
    assert.isAbove(search.parameters.length, 0)
  })
})
