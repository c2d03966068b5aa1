/**
 * The process that queues. It tells on stdout what it is about to accept and what it has accepted, and when nothing waits
 * any more.
 *
 *     node client.ts <database> <port> <seed> <calls per lane> <calm|chaos> <lane>=<first number> …
 */
import { Effect, Layer } from "effect"
import { Outbox } from "opbus/remote/Outbox"
import * as RemoteInvoker from "opbus/remote/RemoteInvoker"
import { Random } from "../../../history/campaign/random.ts"
import { Count, listenForMoments, outbox, say } from "./application.ts"

const [file, port, seed, count, weather, ...starts] = process.argv.slice(2) as [
  string,
  string,
  string,
  string,
  string,
  ...Array<string>
]
const random = new Random(Number(seed))

const pause = (millis: number) => new Promise((resolve) => setTimeout(resolve, millis))

/** Three answers of ten are lost, late, or given to the second of two requests; so they also overtake each other. */
const bad: typeof fetch = async (input, init) => {
  if (!random.chance(0.3)) return fetch(input, init)
  switch (random.pick(["drop", "delay", "duplicate", "unsent"])) {
    case "drop": {
      const response = await fetch(input, init)
      await response.arrayBuffer()
      throw new TypeError("fetch failed: the answer was lost")
    }
    case "delay":
      await pause(random.int(0, 150))
      break
    case "duplicate": {
      const both = [fetch(input, init), fetch(input, init)]
      const [first, second] = random.chance(0.5) ? both : both.toReversed()
      const other = second!.then((response) => response.arrayBuffer()).catch(() => {})
      if (random.chance(0.5)) await Promise.race([other, first])
      return first!
    }
    case "unsent":
      throw new TypeError("fetch failed: it was not sent")
  }
  const response = await fetch(input, init)
  await pause(random.int(0, 150))
  return response
}

const remote = RemoteInvoker.layerHttp({
  url: `http://127.0.0.1:${port}/rpc`,
  // The keys of this client are looked up under this name: it has to be the same one after a restart.
  actor: "campaign",
  ...(weather === "chaos" && { fetch: bad })
})

const queueLane = (outbox: Outbox["Service"], lane: string, from: number) =>
  Effect.gen(function*() {
    for (let n = from; n <= Number(count); n++) {
      say(`do ${lane} ${n}`)
      const receipt = yield* outbox.enqueue(Count, { lane, n }, { lane })
      say(`ack ${lane} ${n} ${receipt.id}`)
      if (random.chance(0.3)) yield* Effect.promise(() => pause(random.int(0, 4)))
    }
  })

const main = Effect.gen(function*() {
  const outbox = yield* Outbox
  say("ready")
  yield* Effect.forEach(
    starts,
    (start) => {
      const [lane, from] = start.split("=") as [string, string]
      return queueLane(outbox, lane, Number(from))
    },
    { concurrency: "unbounded", discard: true }
  )
  say("accepted")
  while ((yield* outbox.pending).length > 0) yield* Effect.promise(() => pause(20))
  say("drained")
  yield* Effect.never
})

const at = listenForMoments()
await Effect.runPromise(Effect.provide(main, outbox(file, at).pipe(Layer.provide(remote)))).catch((error) =>
  say(`broken ${String(error).split("\n")[0]}`)
)
