import * as Effect from "effect/Effect"
import { Add } from "../../../test/native/binding/echo.ts"
import { added, type Suite, time } from "../harness/suite.ts"
import { type AddParams, type AddResult, application, echo, inputAt, sidecar } from "../native/echo.ts"

const inFiber = (call: (params: AddParams) => Effect.Effect<unknown, unknown>) => (count: number): Promise<void> => {
  let i = 0
  return Effect.runPromise(
    Effect.whileLoop({ while: () => i < count, body: () => call(inputAt(i++)), step: () => {} }) as Effect.Effect<void>
  )
}

const inTypeScript = ({ name, x, y }: AddParams): Effect.Effect<AddResult> => Effect.sync(() => ({ sum: x + y, name }))

export default {
  group: "native",
  title: "an operation of a native service",
  about:
    "{ x, y, name } -> { sum, name } in one fiber: the function of the service alone, and invoked as an operation, with validation both ways. A sidecar answers one call at a time here.",
  plan: async () => {
    const { commands } = await echo()
    const aside = await sidecar()
    const rust = await application(commands.add)
    const typescript = await application(inTypeScript)
    return {
      cases: [
        { name: "TypeScript", run: inFiber(inTypeScript), bytes: false },
        { name: "Rust", run: inFiber(commands.add), bytes: false },
        { name: "Rust, JSON", run: inFiber(commands.addJson), bytes: false },
        { name: "sidecar", run: inFiber(aside.add), bytes: false },
        { name: "invoke TypeScript", run: inFiber((params) => typescript.invoke(Add, params)), bytes: false },
        { name: "invoke Rust", run: inFiber((params) => rust.invoke(Add, params)), bytes: false }
      ],
      comparisons: [
        added("Rust", "TypeScript"),
        added("invoke TypeScript", "TypeScript"),
        added("invoke Rust", "Rust"),
        time("invoke Rust", "invoke TypeScript"),
        time("sidecar", "Rust")
      ]
    }
  }
} satisfies Suite
