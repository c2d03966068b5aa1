import { atLeast, atMost, type Suite, time } from "../harness/suite.ts"
import { type AddParams, echo, handWritten, inputAt } from "../native/echo.ts"

const inTurn = (call: (params: AddParams) => unknown) => (count: number): void => {
  for (let i = 0; i < count; i++) call(inputAt(i))
}

export default {
  group: "native",
  title: "a call into Rust, below Effect",
  about:
    "{ x, y, name } -> { sum, name }, without validation. By hand: arguments one by one and the sum in a shared array, the fastest way there is; and an object in, an object out, as binding libraries do it. Ours is what is generated from a spec.",
  plan: async () => {
    const hand = handWritten()
    const { json, positional } = await echo()
    return {
      cases: [
        { name: "JavaScript", run: inTurn(({ name, x, y }) => ({ sum: x + y, name })), bytes: false },
        { name: "by hand", run: inTurn(hand.positional), bytes: false },
        { name: "by hand, objects", run: inTurn(hand.object), bytes: false },
        { name: "positional", run: inTurn(positional), bytes: false },
        { name: "JSON", run: inTurn(json), bytes: false }
      ],
      comparisons: [
        time("positional", "by hand", atMost(2)),
        time("positional", "by hand, objects"),
        time("JSON", "positional", atLeast(5))
      ]
    }
  }
} satisfies Suite
