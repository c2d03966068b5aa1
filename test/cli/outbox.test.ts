import { assert, describe, it } from "vitest"
import { fixture, json, lines, notes, opbus } from "./command.ts"
import { serve } from "./serving.ts"

/** The application that queues, on a database of its own. */
const queued = () => {
  const { database } = notes()
  return (args: ReadonlyArray<string>, shop?: string) =>
    opbus(["--app", fixture("queued.ts"), ...args], {
      env: { NOTES_DB: database, ...(shop !== undefined && { SHOP: shop }) }
    })
}

describe("opbus outbox", () => {
  it("shows what waits; when the other side is back, flush delivers it in another process", async () => {
    const run = queued()
    assert.strictEqual((await run(["outbox", "list"])).stdout, "Nothing waits.\n")
    for (const name of ["tea", "milk"]) await run(["invoke", "order.later", JSON.stringify(name)])

    const waiting = await run(["outbox", "list"])
    assert.match(lines(waiting.stdout)[0]!, /^ID {2}OPERATION +LANE +ACCEPTED +TRIED {2}WHY IT WAITS$/)
    assert.strictEqual(lines(waiting.stdout).length, 3)
    const inVain = await run(["outbox", "flush"])
    assert.strictEqual(inVain.code, 1)
    assert.strictEqual(inVain.stdout, "2 still wait; 0 given up now\n")
    assert.match(
      inVain.stderr,
      /^opbus: not everything could be delivered: .*http:\/\/127\.0\.0\.1:1\/rpc cannot be reached/
    )
    assert.strictEqual(lines(inVain.stderr).length, 1)
    const rows = json((await run(["outbox", "list", "--json"])).stdout)
    assert.deepStrictEqual(rows.map(({ key, lane }) => `${key} in ${lane}`), [
      "optional.fields in optional.fields",
      "optional.fields in optional.fields"
    ])

    const { http } = await serve(["--app", fixture("served.ts")])
    const delivered = await run(["outbox", "flush"], http)
    assert.deepStrictEqual(delivered, { code: 0, stdout: "nothing waits; 0 given up now\n", stderr: "" })
    assert.strictEqual((await run(["outbox", "list"], http)).stdout, "Nothing waits.\n")
  })

  it("shows dead letters with their reason, delivers them again, and forgets them", async () => {
    const run = queued()
    const { http } = await serve(["--app", fixture("served.ts")])
    await run(["invoke", "order.wrong"], http)
    await run(["outbox", "flush"], http)
    const [letter] = json((await run(["outbox", "dead", "--json"], http)).stdout)
    assert.deepInclude(letter, { key: "not.served", why: "Remote function not found: not.served" })
    assert.include((await run(["outbox", "dead"], http)).stdout, "Remote function not found: not.served")

    assert.strictEqual((await run(["outbox", "retry", letter.id], http)).stdout, `queued again: ${letter.id}\n`)
    assert.strictEqual(json((await run(["outbox", "dead", "--json"], http)).stdout).length, 1, "it is refused again")
    assert.strictEqual((await run(["outbox", "remove", letter.id], http)).stdout, `removed: ${letter.id}\n`)
    assert.strictEqual((await run(["outbox", "dead"], http)).stdout, "No dead letters.\n")
  })

  it("says in one line what is wrong, and what to do", async () => {
    const run = queued()
    const cases: ReadonlyArray<readonly [args: ReadonlyArray<string>, code: number, message: RegExp]> = [
      [["outbox", "retry", "17"], 3, /there is no dead letter 17; `opbus outbox dead` lists them/],
      [["outbox", "retry", "__proto__"], 3, /there is no dead letter __proto__/],
      [["outbox", "remove", "17"], 3, /there is no call 17 that waits or was given up/],
      [["outbox", "remove"], 2, /Missing required argument: id/],
      [["outbox", "list", "--app", fixture("notes.ts")], 2, /does not provide Outbox; add SqlOutbox\.layer\(\) to it/]
    ]
    for (const [args, code, message] of cases) {
      const result = args.includes("--app") ? await opbus(args) : await run(args)
      assert.strictEqual(result.code, code, result.stderr)
      assert.match(result.stderr, message)
      assert.strictEqual(lines(result.stderr).length, 1)
    }
  })
})
