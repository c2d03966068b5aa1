/**
 * Holds the types to typetest/perf/budgets.json: a group of 100 to 1,000 operations with their handlers and one call of
 * each, and one of 500 with a plain `effect/rpc` client of it and one call of each through that, must check in
 * instantiations that grow linearly and stay within the budget. Instantiations are counted by tsc,
 * less those of a program with one operation; they do not depend on the machine, so a budget can be tight.
 * `node scripts/typeperf.ts`
 */
import { mkdir, readFile, rm, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { bin, command, root } from "./shared/command.ts"
import { report, type Result } from "./shared/report.ts"

interface Budgets {
  /** Instantiations by number of operations. */
  readonly instantiations: Record<string, number>
  /** The same with a client of `effect/rpc`. */
  readonly rpc: Record<string, number>
  /** By how much an operation among the last 500 may cost more than one among the first 100. */
  readonly growth: number
}

const folder = join(root, ".typeperf")
const sizes = [1, 100, 250, 500, 1_000]

/** How many operations one file defines, or calls. A file of a thousand declarations is slow whatever it declares. */
const perFile = 50

/**
 * The files of a program with `size` operations: definitions, one group, its handlers, and one call of each; `rpc`: also
 * a plain client of `effect/rpc`, and one call of each through that.
 */
const program = (size: number, rpc: boolean): ReadonlyArray<readonly [name: string, content: string]> => {
  const all = Array.from({ length: size }, (_, index) => index)
  const parts = Array.from({ length: Math.ceil(size / perFile) }, (_, part) => part)
  const indexesOf = (part: number) => all.slice(part * perFile, (part + 1) * perFile)
  const importsOf = (part: number) =>
    `import { ${indexesOf(part).map((index) => `op${index}`).join(", ")} } from "./operations${part}.ts"`

  const definition = (index: number) =>
    `export const op${index} = Operation.make({
  meta: { key: "a.b${index}" },
  input: Schema.Struct({ id: Schema.String, n${index}: Schema.Number }),
  output: Schema.Struct({ id: Schema.String, m${index}: Schema.Number }),
  error: Failure
})`
  const handler = (index: number) =>
    `  "a.b${index}": (input) => Store.use((store) => store.find(input.id)).pipe(
    Effect.map((id) => ({ id, m${index}: input.n${index} }))
  )`
  const call = (index: number) => `  yield* invoker.invoke(op${index}, { id: "x", n${index}: 1 })`
  const rpcCall = (index: number) => `  yield* client["a.b${index}"]({ id: "x", n${index}: 1 })`

  return [
    [
      "failure.ts",
      `import * as Schema from "effect/Schema"

export class Failure extends Schema.TaggedError<Failure>()("Failure", {}) {}
`
    ],
    ...parts.map((part) =>
      [
        `operations${part}.ts`,
        `import * as Schema from "effect/Schema"
import { Operation } from "opbus"
import { Failure } from "./failure.ts"

${indexesOf(part).map(definition).join("\n")}
`
      ] as const
    ),
    [
      "group.ts",
      `import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { OperationGroup } from "opbus"
import type { Failure } from "./failure.ts"
${parts.map(importsOf).join("\n")}

interface Find { readonly find: (id: string) => Effect.Effect<string, Failure> }
class Store extends Context.Service<Store, Find>()("Store") {}

export const group = OperationGroup.make(${all.map((index) => `op${index}`).join(", ")})

export const layer = group.toLayer({
${all.map(handler).join(",\n")}
})
`
    ],
    ...parts.map((part) =>
      [
        `calls${part}.ts`,
        `import * as Effect from "effect/Effect"
import { OperationInvoker } from "opbus"
${importsOf(part)}

export const calls = Effect.gen(function*() {
  const invoker = yield* OperationInvoker
${indexesOf(part).map(call).join("\n")}
})
`
      ] as const
    ),
    ...(rpc ? rpcProgram() : [])
  ]

  function rpcProgram(): ReadonlyArray<readonly [name: string, content: string]> {
    return [
      [
        "client.ts",
        `import type * as Effect from "effect/Effect"
import { RpcClient } from "effect/rpc"
import { OperationRpc } from "opbus/remote"
import { group } from "./group.ts"

export const makeClient = RpcClient.make(OperationRpc.toRpcGroup(group))
export type Client = Effect.Success<typeof makeClient>
`
      ],
      ...parts.map((part) =>
        [
          `rpc${part}.ts`,
          `import * as Effect from "effect/Effect"
import type { Client } from "./client.ts"

export const calls = Effect.fnUntraced(function*(client: Client) {
${indexesOf(part).map(rpcCall).join("\n")}
})
`
        ] as const
      )
    ]
  }
}

interface Measurement {
  readonly size: number
  readonly code: number
  readonly output: string
  readonly instantiations: number
  readonly seconds: number
}

const measure = async (size: number, rpc = false): Promise<Measurement> => {
  const own = join(folder, `${size}${rpc ? "-rpc" : ""}`)
  await mkdir(own, { recursive: true })
  await Promise.all(program(size, rpc).map(([name, content]) => writeFile(join(own, name), content)))
  await writeFile(
    join(own, "tsconfig.json"),
    JSON.stringify({
      extends: "../../tsconfig.base.json",
      compilerOptions: { rootDir: "../..", noEmit: true },
      include: ["*.ts"]
    })
  )
  // One checker: the work is shared out otherwise, and some of it is done twice.
  const { code, output } = await command(bin("tsc"), ["-p", own, "--extendedDiagnostics", "--singleThreaded"])
  const value = (name: string) => Number(new RegExp(`^${name}:\\s+([\\d.]+)`, "m").exec(output)?.[1])
  return { size, code, output, instantiations: value("Instantiations"), seconds: value("Check time") }
}

await rm(folder, { recursive: true, force: true })
const measurements: Array<Measurement> = []
for (const size of sizes) measurements.push(await measure(size))
const rpcBase = await measure(1, true)
const rpcSize = 500
const rpc = await measure(rpcSize, true)

const number = new Intl.NumberFormat("en-US")
const budgets = JSON.parse(await readFile(join(root, "typetest/perf/budgets.json"), "utf8")) as Budgets
const at = (size: number) => measurements.find((measurement) => measurement.size === size)!
const own = (size: number) => at(size).instantiations - at(1).instantiations

const results: Array<Result> = measurements.map(({ code, output, seconds, size }) => {
  const allowed = budgets.instantiations[size] ?? Number.POSITIVE_INFINITY
  const count = `${number.format(own(size))} instantiations, ${seconds} s`
  return {
    name: `${size} operations type-check within ${number.format(allowed)} instantiations`,
    ok: code === 0 && own(size) <= allowed,
    detail: code === 0 ? count : output.slice(0, 4_000),
    ...(size === 1 ? {} : { note: `a group of ${size} operations: ${count}` })
  }
})
const first = (own(100)) / 99
const last = (own(1_000) - own(500)) / 500
results.push({
  name: "instantiations grow linearly from 100 to 1,000 operations",
  ok: last <= first * budgets.growth,
  detail: `${first.toFixed(0)} per operation up to 100, ${last.toFixed(0)} from 500 to 1,000`
})
const rpcOwn = rpc.instantiations - rpcBase.instantiations
const rpcAllowed = budgets.rpc[rpcSize] ?? Number.POSITIVE_INFINITY
const rpcCount = `${number.format(rpcOwn)} instantiations, ${rpc.seconds} s`
results.push({
  name: `${rpcSize} operations with a client of effect/rpc type-check within ${
    number.format(rpcAllowed)
  } instantiations`,
  ok: rpc.code === 0 && rpcOwn <= rpcAllowed,
  detail: rpc.code === 0 ? rpcCount : rpc.output.slice(0, 4_000),
  note: `a group of ${rpcSize} operations and its client of effect/rpc: ${rpcCount}`
})
report(results)
