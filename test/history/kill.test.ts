import { assert, describe, it } from "@effect/vitest"
import { describeKill, killOnce, kills, moments } from "./campaign/kill.ts"

// The whole campaign is `npm run campaign -- kill`: every moment, a hundred kills and more.
const some = process.env["OPBUS_MUTANT"] === undefined ? kills(14, 20_261_121) : kills(24, 20_261_121)

describe("killed processes", () => {
  it.each(some.map((kill) => [describeKill(kill), kill] as const))(
    "H10: nothing that had returned is missing when the process is killed %s",
    async (_name, kill) => {
      assert.deepStrictEqual(await killOnce(kill), [])
    },
    120_000
  )

  it("there are named moments after the handler, before the commit and after it, in a group, a transaction, an undo and a redo", () => {
    for (const phase of ["mark", "group", "transaction", "rollback", "undo", "redo"]) {
      for (const point of ["handled", "before-write", "after-write"]) assert.include(moments, `${phase}:${point}`)
    }
  })
})
