import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { runOn } from "../history/campaign/campaign.ts"
import type { Leaf, Program } from "../history/campaign/program.ts"

// Found by `npm run campaign -- history --seed 600491 --store sql`.
// A transaction inside a handler ended while the journal was about to write, with nothing left of its own to be written:
// whoever waited there was forgotten when the next write began, and the handler never returned.

const set = (n: number, op: "register.set" | "layout.set", register: string): Leaf => ({
  t: "leaf",
  n,
  op,
  args: { register, value: `v${n}` }
})

const program: Program = {
  seed: 600_491,
  steps: [{
    t: "together",
    overlap: "disjoint",
    fibers: [
      {
        actor: "ann",
        delay: 3,
        actions: [
          set(2, "register.set", "C/r0"),
          { t: "macro", n: 6, kind: "mapped", body: [{ t: "transaction", n: 7, body: [set(8, "layout.set", "C/r0")] }] }
        ]
      },
      { actor: "ann", delay: 4, actions: [set(17, "register.set", "B/r1")] }
    ]
  }]
}

it.live("H10: whoever waits for a write returns, whatever else the journal has to write meanwhile", () =>
  Effect.map(runOn(program, "sql"), (failure) => assert.isUndefined(failure, failure?.message)))
