import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { definition, ModelPoolService } from "opbus/native/modules/modelPool/ModelPoolService"
import { levels } from "opbus/native/PressureLevel"
import type { Random } from "../../../spec/support/random.ts"
import { type Action, differential } from "../../support/differential.ts"
import { kinds, start, temporaryFolder, writeFiles } from "../support.ts"

const seed = Number(process.env["OPBUS_SEED"] ?? 20261121)
/** `npm run campaign -- differential` asks 10,000 times. */
const calls = Number(process.env["OPBUS_CALLS"] ?? 3_000)
const MB = 1 << 20

/** In every order there is: by UTF-16 units, emoji come before U+FFFF. */
const ids = ["a", "b", "B", "é", "\u{1f600}", "\uffff", "m10", "m9", "x".repeat(128)]

const files: Readonly<Record<string, number>> = {
  one: 1,
  three: 3,
  five: 5,
  page: 4096,
  odd: 100_003,
  third: 350_000,
  block: MB,
  more: MB + 1,
  nothing: 0
}

const writeModels = (folder: string) =>
  writeFiles(
    folder,
    Object.fromEntries(
      Object.entries(files).map(([name, size], index) => [
        name,
        Uint8Array.from({ length: size }, (_, at) => (at * 31 + index) & 255)
      ])
    )
  )

const id = (random: Random) => random.pick(ids)

const source = (random: Random) =>
  random.chance(0.03)
    ? {
      _tag: "Seeded",
      seed: random.pick([0, 1, 4_294_967_295, 0x9e3779b9]),
      sizeMb: random.pick([1, 1, 2, 65_536])
    } as const
    : {
      _tag: "File",
      file: random.chance(0.05) ? random.pick(["absent", "..", "../x", "a\\b"]) : random.pick(Object.keys(files))
    } as const

const text = (random: Random) =>
  Array.from({ length: random.int(0, 12) }, () => random.pick(["a", "Z", " ", "é", "\u{1f600}", "\u{0}", "\uffff"]))
    .join("")

const offset = (random: Random) =>
  random.pick([0, 1, random.int(0, 5000), random.int(0, 2 * MB), MB - 1, 2 ** 40, Number.MAX_SAFE_INTEGER])

const between = (random: Random): Action | undefined => {
  if (!random.chance(0.04)) return undefined
  const level = random.chance(0.6) ? "normal" : random.pick(levels)
  const budgetMb = random.pick([1, 1, 2, 3, 0, 1.5])
  return random.pick<Action>([
    [`pressure ${level}`, (managed) => managed.pressureResponse(level)],
    ["pressure normal", (managed) => managed.pressureResponse("normal")],
    ["shed", (managed) => managed.shedLoad],
    ["heal", (managed) => managed.heal],
    ["health", (managed) => managed.health],
    ["health", (managed) => managed.health],
    ["metrics", (managed) => managed.metrics],
    [`set budgetMb ${budgetMb}`, (managed) => managed.parameters.set("budgetMb", budgetMb)],
    ["get budgetMb", (managed) => managed.parameters.get("budgetMb")],
    ["list", (managed) => managed.parameters.list]
  ])
}

describe.skipIf(kinds.length === 1)("model-pool, asked the same", () => {
  it.effect(
    `answers the same in TypeScript, Rust and a sidecar: ${calls} random inputs of each command`,
    () =>
      Effect.gen(function*() {
        const folder = yield* temporaryFolder
        writeModels(folder)
        const config = { budgetMb: 3, folder, verifyBlocks: 2 }
        const typescript = yield* start(ModelPoolService, "typescript", config)
        const rust = yield* start(ModelPoolService, "rust", config)
        const sidecar = yield* start(ModelPoolService, "sidecar", config)
        const { outcomes } = yield* differential({
          definition,
          subjects: { typescript, rust, sidecar } as never,
          seed,
          calls,
          between,
          inputs: {
            activate: (random) => ({ id: id(random), active: random.chance(0.3) }),
            infer: (random) => ({
              id: id(random),
              prompt: text(random),
              tokens: random.chance(0.01) ? 4096 : random.int(1, 12)
            }),
            list: (random) => ({
              ...random.chance(0.5) ? {} : { kind: random.pick(["base", "adapter"] as const) },
              ...random.chance(0.5) ? {} : { active: random.chance(0.5) }
            }),
            load: (random) => ({
              id: id(random),
              source: source(random),
              kind: random.pick(["base", "adapter", "adapter"] as const),
              makeRoom: random.chance(0.5)
            }),
            overwrite: (random) => ({
              id: id(random),
              offset: offset(random),
              data: Uint8Array.from({ length: random.int(0, 8) }, () => random.int(0, 255))
            }),
            read: (random) => ({
              id: id(random),
              offset: offset(random),
              length: random.chance(0.002) ? MB : random.int(0, 64)
            }),
            stats: () => ({}),
            unload: (random) => ({ id: id(random), force: random.chance(0.5) }),
            verify: (random) => ({ id: id(random) })
          }
        })
        // It has not only seen refusals, and has seen all of them.
        for (const [command, counts] of Object.entries(outcomes)) {
          assert.isAtLeast(counts["success"] ?? 0, calls / 10, `${command}: ${JSON.stringify(counts)}`)
        }
        assert.includeMembers(Object.keys(outcomes["load"]!), [
          "BudgetExceeded",
          "ModelConflict",
          "RefusedByPressure",
          "SourceUnreadable"
        ])
        assert.includeMembers(Object.keys(outcomes["unload"]!), ["ModelNotFound", "ModelActive"])
        assert.includeMembers(Object.keys(outcomes["infer"]!), ["ModelNotFound", "RefusedByPressure"])
      }),
    300_000
  )
})
