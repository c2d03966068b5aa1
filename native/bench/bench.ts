/**
 * `{ x, y, name } -> { sum, name }` through the binding, against Node-API written by hand: `node
 * --conditions=opbus-source native/bench/bench.ts [addon]`. Build it first: `cargo build --release` in this folder.
 */
import * as Effect from "effect/Effect"
import { copyFileSync } from "node:fs"
import { createRequire } from "node:module"
import { join } from "node:path"
import { root } from "../../scripts/shared/command.ts"
import { Binding } from "../../src/native/internal/binding/binding.ts"
import { kinds } from "../../src/native/internal/binding/layout.ts"
import * as Marshal from "../../src/native/internal/binding/marshal.ts"
import * as NativeService from "../../src/native/NativeService.ts"
import * as NodeNativeModule from "../../src/node/NodeNativeModule.ts"
import { definition } from "../../test/native/binding/echo.ts"

const addon = process.argv[2] ?? join(root, "native", "dist", "testing", `${NodeNativeModule.platform}.node`)
const built = join(root, "native", "bench", "target", "release", "libopbus_bench")
copyFileSync(`${built}.${process.platform === "darwin" ? "dylib" : "so"}`, `${built}.node`)

interface Params {
  readonly x: number
  readonly y: number
  readonly name: string
}
const hand: {
  share(buffer: ArrayBuffer): void
  add(x: number, y: number, name: string): string
  object(params: Params): { sum: number; name: string }
} = createRequire(import.meta.url)(`${built}.node`)
const shared = new Float64Array(8)
hand.share(shared.buffer)

const names = Array.from({ length: 64 }, (_, at) => `a name of usual length ${at}`)
let sink = 0

type Call = (params: Params) => { readonly sum: number; readonly name: string }

/** Processor time, so that what else the machine does counts less; the best of many turns, taken in turn. */
const measure = (calls: Readonly<Record<string, Call>>): Record<string, number> => {
  const loop = (call: Call, times: number): number => {
    const before = process.cpuUsage()
    for (let at = 0; at < times; at++) {
      const { name, sum } = call({ x: at, y: 1.5, name: names[at & 63]! })
      sink += sum + name.length
    }
    const { system, user } = process.cpuUsage(before)
    return (user + system) * 1000 / times
  }
  const best: Record<string, number> = {}
  for (let turn = 0; turn < 20; turn++) {
    for (const [name, call] of Object.entries(calls)) {
      const nanos = loop(call, 50_000)
      best[name] = Math.min(best[name] ?? Infinity, nanos)
    }
  }
  return best
}

/** A command without anything of Effect around it. */
const bare = (key: "add" | "addJson"): Promise<Call> =>
  new Promise((resolve) => {
    const binding = Binding.of(createRequire(import.meta.url)(addon))
    binding.writer.begin()
    binding.writer.string("echo")
    binding.writer.json({})
    binding.start(kinds.create, 0, 0, 0, () => {
      const { handle } = binding
      const marshal = Marshal.make(binding, key, definition.commands[key])
      resolve((params) => {
        marshal.write(params)
        binding.call(handle, 0, marshal.transport)
        return marshal.output() as { sum: number; name: string }
      })
    })
  })

await Effect.runPromise(
  Effect.scoped(Effect.gen(function*() {
    const { commands } = yield* NativeService.make(definition)
    const pure: Call = ({ name, x, y }) => ({ sum: x + y, name })
    const positional: Call = ({ name, x, y }) => {
      const text = hand.add(x, y, name)
      return { sum: shared[0]!, name: text }
    }
    const inEffect = (command: (params: Params) => Effect.Effect<ReturnType<Call>, unknown>): Call => (params) =>
      Effect.runSync(command(params) as Effect.Effect<ReturnType<Call>>)
    const suspended = (call: Call) => inEffect((params) => Effect.suspend(() => Effect.succeed(call(params))))
    const results = measure({
      "by hand, positional": positional,
      "by hand, objects": (params) => hand.object(params),
      "opbus positional": yield* Effect.promise(() => bare("add")),
      "opbus json": yield* Effect.promise(() => bare("addJson")),
      "Effect around TypeScript": suspended(pure),
      "Effect around by hand, positional": suspended(positional),
      "Effect around opbus positional": inEffect(commands.add),
      "Effect around opbus json": inEffect(commands.addJson)
    })
    for (const [name, nanos] of Object.entries(results)) console.log(`${name.padEnd(36)} ${nanos.toFixed(0)} ns`)
  })).pipe(Effect.provide(NodeNativeModule.layer({ files: [addon] })))
)
if (Number.isNaN(sink)) console.log(sink)
