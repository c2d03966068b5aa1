import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as fs from "node:fs"
import * as path from "node:path"
import { definition as gpuDefinition, GpuService } from "opbus/native/modules/gpu/GpuService"
import { definition, SystemService } from "opbus/native/modules/system/SystemService"
import { levels } from "opbus/native/PressureLevel"
import type { Random } from "../../../spec/support/random.ts"
import { type Action, differential } from "../../support/differential.ts"
import { kinds, start, temporaryFolder, writeFiles } from "../support.ts"

/** `npm run campaign -- differential` asks 10,000 times. */
const calls = Number(process.env["OPBUS_CALLS"] ?? 3_000)
const seed = Number(process.env["OPBUS_SEED"] ?? 20261121)

const number = (random: Random): string =>
  random.pick([
    String(random.int(0, 20_000_000)),
    String(random.int(0, 20_000_000)),
    "0",
    "max",
    "",
    "-5",
    "12.5",
    "9223372036854771712",
    "99999999999999999999999999",
    ` ${random.int(0, 9000)}`
  ])

const line = (random: Random): string => random.pick(["\n", "\n", "\n", "", "\r\n", " \n", "\n\n"])

const stall = (random: Random): string =>
  random.pick([
    `some avg10=${random.int(0, 99)}.${random.int(10, 99)} avg60=1.00 avg300=0.10 total=5\nfull avg10=88.00\n`,
    `full avg10=70.00\nsome avg10=${random.int(0, 70)}${line(random)}`,
    "some avg10= avg60=2\n",
    "something avg10=99.00\n",
    "some xavg10=99.00 avg10=3.\n",
    ""
  ])

const cgroup = (random: Random): string =>
  random.pick([
    "0::/\n",
    "0::/app\n",
    "0::/app/worker\n",
    "0::/../../x\n",
    "5:cpu,memory:/app\n1:name=systemd:/y\n",
    "3:memory:/app/worker:odd\n0::/app\n",
    "nonsense\n",
    "0::\n"
  ])

const content: Readonly<Record<string, (random: Random) => string>> = {
  "proc/meminfo": (random) =>
    random.pick([
      `MemTotal:       ${random.int(1, 20_000_000)} kB\nMemFree:  ${random.int(0, 9000)} kB\nMemAvailable:   ${
        random.int(0, 20_000_000)
      } kB${line(random)}`,
      `MemTotal:       16000000 kB\nMemAvailable:   ${random.int(0, 16_000_000)} kB\n`,
      `MemTotal:\t16000000\nMemFree ${number(random)}\n`,
      `MemTotal: ${number(random)} kB\nMemAvailable: ${number(random)} kB\n`,
      "nothing"
    ]),
  "proc/self/cgroup": cgroup,
  "proc/pressure/memory": stall,
  ...Object.fromEntries(["", "/app", "/app/worker"].flatMap((group) => [
    [`sys/fs/cgroup${group}/memory.max`, number],
    [`sys/fs/cgroup${group}/memory.current`, number],
    [`sys/fs/cgroup${group}/memory.stat`, (random: Random) => `anon 1\ninactive_file ${number(random)}\n`],
    [`sys/fs/cgroup${group}/memory.pressure`, stall],
    [`sys/fs/cgroup/memory${group}/memory.limit_in_bytes`, number],
    [`sys/fs/cgroup/memory${group}/memory.usage_in_bytes`, number],
    [`sys/fs/cgroup/memory${group}/memory.stat`, (random: Random) => `total_inactive_file ${number(random)}\n`]
  ]))
}

describe.skipIf(kinds.length === 1)("system and gpu, asked the same", () => {
  it.effect(
    `system answers the same in TypeScript, Rust and a sidecar, on ${calls} random inputs and as many random machines`,
    () =>
      Effect.gen(function*() {
        const root = yield* temporaryFolder
        writeFiles(root, { "proc/meminfo": "MemTotal:  16000000 kB\nMemAvailable: 9000000 kB\n" })
        const config = { root, history: 8 }
        const typescript = yield* start(SystemService, "typescript", config)
        const rust = yield* start(SystemService, "rust", config)
        const sidecar = yield* start(SystemService, "sidecar", config)
        let machines = 0
        const between = (random: Random): Action | undefined => {
          if (random.chance(0.4)) {
            machines++
            const file = random.pick(Object.keys(content))
            if (random.chance(0.1)) fs.rmSync(path.join(root, file), { force: true })
            else writeFiles(root, { [file]: content[file]!(random) })
          }
          if (!random.chance(0.05)) return undefined
          const level = random.chance(0.5) ? "normal" : random.pick(levels)
          const share = random.pick([0, 0.3, 0.75, 0.85, 0.95, 1, 1.5])
          const name = random.pick(["warning", "high", "critical", "history", "other"])
          return random.pick<Action>([
            [`pressure ${level}`, (managed) => managed.pressureResponse(level)],
            ["shed", (managed) => managed.shedLoad],
            ["heal", (managed) => managed.heal],
            ["health", (managed) => managed.health],
            ["metrics", (managed) => managed.metrics],
            [`set ${name} ${share}`, (managed) => managed.parameters.set(name, share)],
            [`get ${name}`, (managed) => managed.parameters.get(name)]
          ])
        }
        const { outcomes } = yield* differential({
          definition,
          subjects: { typescript, rust, sidecar } as never,
          seed,
          calls,
          between,
          inputs: {
            pressure: (random) =>
              random.chance(0.5) ? {} : {
                thresholds: {
                  warning: random.next(),
                  high: random.next(),
                  critical: random.pick([random.next(), 0, 1])
                }
              },
            readings: (random) => ({ limit: random.pick([1, 3, 1024]) })
          }
        })
        const counts = outcomes["pressure"]!
        assert.isAtLeast(counts["success"] ?? 0, calls / 10, JSON.stringify(outcomes))
        assert.isAtLeast(counts["PressureUnreadable"] ?? 0, calls / 100, JSON.stringify(outcomes))
        assert.isAtLeast(machines, calls / 2)
      }),
    300_000
  )

  it.effect(
    "gpu says the same where there is no driver: 10,000 random inputs",
    () =>
      Effect.gen(function*() {
        const config = { library: "libopbus-no-such-thing.so.1" }
        const typescript = yield* start(GpuService, "typescript", config)
        const rust = yield* start(GpuService, "rust", config)
        const sidecar = yield* start(GpuService, "sidecar", config)
        const { outcomes } = yield* differential({
          definition: gpuDefinition,
          subjects: { typescript, rust, sidecar } as never,
          seed,
          calls: 10_000,
          between: (random) =>
            random.chance(0.05)
              ? random.pick<Action>([
                ["health", (managed) => managed.health],
                ["heal", (managed) => managed.heal],
                ["shed", (managed) => managed.shedLoad],
                ["high", (managed) => managed.pressureResponse("high")]
              ])
              : undefined,
          inputs: {
            stats: (random) =>
              random.chance(0.5) ? {} : { subsystem: random.pick(["inference", "tts", "rendering"] as const) }
          }
        })
        assert.deepStrictEqual(outcomes, { stats: { GpuUnavailable: 10_000 } })
      }),
    300_000
  )
})
