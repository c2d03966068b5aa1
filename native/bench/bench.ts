/**
 * `{ x, y, name } -> { sum, name }` through the binding, against Node-API written by hand: `node
 * --conditions=opbus-source native/bench/bench.ts [addon]`. Build it first: `cargo build --release` in this folder.
 */
import * as Effect from "effect/Effect"
import { copyFileSync } from "node:fs"
import { createRequire } from "node:module"
import { join } from "node:path"
import { root } from "../../scripts/shared/command.ts"
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

const measure = (call: (params: Params) => { readonly sum: number; readonly name: string }): number => {
  const loop = (times: number): number => {
    const started = process.hrtime.bigint()
    for (let at = 0; at < times; at++) {
      const { name, sum } = call({ x: at, y: 1.5, name: names[at & 63]! })
      sink += sum + name.length
    }
    return Number(process.hrtime.bigint() - started) / times
  }
  loop(20_000)
  return Math.min(...Array.from({ length: 15 }, () => loop(50_000)))
}

await Effect.runPromise(
  Effect.scoped(Effect.gen(function*() {
    const { commands } = yield* NativeService.make(definition)
    const results: Record<string, number> = {}
    const pure = ({ name, x, y }: Params) => ({ sum: x + y, name })
    const positional = ({ name, x, y }: Params) => {
      const text = hand.add(x, y, name)
      return { sum: shared[0]!, name: text }
    }
    const run =
      (command: (params: Params) => Effect.Effect<{ sum: number; name: string }, unknown>) => (params: Params) => {
        const exit = command(params) as unknown as { evaluate?: unknown }
        return Effect.runSync(exit as Effect.Effect<{ sum: number; name: string }>)
      }
    results["Effect.runSync alone"] = measure(run((params) => Effect.suspend(() => Effect.succeed(pure(params)))))
    results["by hand, positional"] = measure(positional)
    results["by hand, positional, in an Effect"] = measure(
      run((params) => Effect.suspend(() => Effect.succeed(positional(params))))
    )
    results["by hand, objects"] = measure((params) => hand.object(params))
    results["opbus positional, in an Effect"] = measure(run(commands.add))
    results["opbus json, in an Effect"] = measure(run(commands.addJson))
    for (const [name, nanos] of Object.entries(results)) console.log(`${name.padEnd(36)} ${nanos.toFixed(0)} ns`)
  })).pipe(Effect.provide(NodeNativeModule.layer({ files: [addon] })))
)
if (Number.isNaN(sink)) console.log(sink)
