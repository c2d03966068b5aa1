/**
 * How the page's requests for analyses are answered: through the queue on disk, so that one which was accepted is answered
 * when the worker is back, also by the next process.
 */
import { Effect, Stream } from "effect"
import { Digest } from "effect/crypto"
import { invokeRemote } from "opbus"
import { Outbox } from "opbus/remote"
import { getNote } from "../DatabaseService.ts"
import { DatabaseError } from "../model.ts"
import { AnalyzeText } from "../plugins/analysis/operations.ts"
import { Analysis, type AnalysisState } from "../plugins/analysis/web.ts"
import { textLimit } from "../worker.ts"
import { AnalysisWorker } from "./AnalysisWorker.ts"
import { Closing } from "./Closing.ts"

type State = typeof AnalysisState.Type

/** The call that waits for this text already, or a new one. */
const queue = (id: string, text: string) =>
  Effect.gen(function*() {
    const outbox = yield* Outbox
    const digest = yield* Digest.Digest
    const hash = yield* digest.digestHex(Digest.sha256, new TextEncoder().encode(text))
    const idempotencyKey = `note ${id} ${hash.slice(0, 32)}`
    const waiting = (yield* outbox.pending).find((call) => call.idempotencyKey === idempotencyKey)
    return waiting === undefined
      ? yield* invokeRemote(AnalyzeText, { text }, { offline: "queue", idempotencyKey })
      : yield* outbox.receipt(AnalyzeText, waiting.id)
  })

const request = (id: string) =>
  Effect.gen(function*() {
    const { body, title } = yield* getNote(id)
    const receipt = yield* Effect.mapError(
      queue(id, `${title}. ${body}`.slice(0, textLimit).toWellFormed()),
      (error) => new DatabaseError({ why: error.message })
    )
    const queued: State = { state: "queued", receipt: receipt.id }
    const answer: Effect.Effect<State> = Effect.match(receipt.await, {
      onFailure: ({ message }): State => ({ ...queued, state: "failed", why: message }),
      onSuccess: (analysis): State => ({ ...queued, state: "done", analysis })
    })
    return Stream.concat(Stream.succeed(queued), Stream.fromEffect(answer))
  })

export const AnalysisHandlers = Analysis.toLayer(Effect.gen(function*() {
  const closing = yield* Closing
  const worker = yield* AnalysisWorker
  return {
    "analysis.request": ({ id }) => Stream.interruptWhen(Stream.unwrap(request(id)), closing.await),
    "worker.status": () => Stream.interruptWhen(worker.changes, closing.await),
    "worker.start": () => worker.start,
    "worker.stop": () => worker.stop
  }
}))
