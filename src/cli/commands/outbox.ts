import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { Argument, Command } from "../../internal/effect/cli.ts"
import type { OperationError } from "../../operation/OperationError.ts"
import type { DeadLetter } from "../../remote/DeadLetter.ts"
import { mayHaveArrived, removeCall } from "../../remote/internal/outboxTools.ts"
import { Outbox, type QueuedCall } from "../../remote/Outbox.ts"
import * as App from "../internal/app.ts"
import { timeOf } from "../internal/entries.ts"
import { CliFailure, exitCodes, usage } from "../internal/failure.ts"
import { App as AppFlag } from "../internal/globals.ts"
import { present } from "../internal/output.ts"
import { table } from "../internal/text.ts"

type Service = Outbox["Service"]

/** Runs an effect with the outbox that the application's layer provides. */
const withOutbox = <A, E, R>(use: (outbox: Service) => Effect.Effect<A, E, R>) =>
  App.provide(Effect.gen(function*() {
    const outbox = Context.getOrUndefined(yield* Effect.context<never>(), Outbox)
    if (outbox !== undefined) return yield* use(outbox)
    const module = Option.getOrElse(yield* AppFlag, () => "the module")
    return yield* usage(
      "NoOutbox",
      `the layer of ${module} does not provide Outbox; add SqlOutbox.layer() to it, as docs/offline.md says`
    )
  }))

const failed = (error: OperationError): CliFailure =>
  new CliFailure({ exitCode: exitCodes.failed, reason: error.reason._tag, message: error.message, cause: error })

const pendingOf = (outbox: Service) => Effect.mapError(outbox.pending, failed)
const deadOf = (outbox: Service) => Effect.mapError(outbox.deadLetters, failed)

const id = Argument.String("id").pipe(Argument.withDescription("The id of a call, as the lists show it"))

const noSuch = (id: string, what: string) =>
  new CliFailure({ exitCode: exitCodes.notFound, reason: "NoSuchCall", message: what, details: { id } })

const list = Command.make(
  "list",
  {},
  () =>
    withOutbox((outbox) =>
      Effect.flatMap(pendingOf(outbox), (calls) =>
        present(calls.map(waitingRecord), () =>
          calls.length === 0
            ? "Nothing waits."
            : table(["ID", "OPERATION", "LANE", "ACCEPTED", "TRIED", "WHY IT WAITS"], calls.map(waitingRow))))
    )
).pipe(
  Command.withDescription("Show the calls that wait to be delivered, in the order in which they were accepted"),
  Command.withAlias("ls")
)

const dead = Command.make(
  "dead",
  {},
  () =>
    withOutbox((outbox) =>
      Effect.flatMap(deadOf(outbox), (letters) =>
        present(letters.map(deadRecord), () =>
          letters.length === 0
            ? "No dead letters."
            : table(["ID", "OPERATION", "LANE", "GIVEN UP", "TRIED", "WHY"], letters.map(deadRow))))
    )
).pipe(Command.withDescription("Show the calls that were given up, and why"))

const retry = Command.make("retry", { id }, ({ id }) =>
  withOutbox((outbox) =>
    Effect.gen(function*() {
      if (!(yield* Effect.mapError(outbox.retryDeadLetter(id), failed))) {
        return yield* noSuch(id, `there is no dead letter ${id}; \`opbus outbox dead\` lists them`)
      }
      yield* present([{ _tag: "Queued", id }], () => `queued again: ${id}`)
      yield* outbox.flush
    })
  )).pipe(Command.withDescription("Deliver a dead letter again, behind what waits in its lane"))

const remove = Command.make("remove", { id }, ({ id }) =>
  withOutbox((outbox) =>
    Effect.gen(function*() {
      const result = yield* Effect.mapError(removeCall(outbox, id), failed)
      if (result === "removed") return yield* present([{ _tag: "Removed", id }], () => `removed: ${id}`)
      return yield* result === "mayHaveArrived"
        ? new CliFailure({
          exitCode: exitCodes.failed,
          reason: "MayHaveArrived",
          message: mayHaveArrived(id),
          details: { id }
        })
        : noSuch(id, `there is no call ${id} that waits or was given up`)
    })
  )).pipe(Command.withDescription("Forget a call that waits and cannot have arrived, or a dead letter"))

const flush = Command.make("flush", {}, () =>
  withOutbox((outbox) =>
    Effect.gen(function*() {
      const before = new Set((yield* deadOf(outbox)).map(({ id }) => id))
      yield* outbox.flush
      const waiting = yield* pendingOf(outbox)
      const died = (yield* deadOf(outbox)).filter(({ id }) => !before.has(id))
      yield* present(
        [{ _tag: "Flushed", waiting: waiting.length, dead: died.length }],
        () => `${waiting.length === 0 ? "nothing waits" : `${waiting.length} still wait`}; ${died.length} given up now`
      )
      const [first] = waiting
      if (first === undefined) return
      return yield* new CliFailure({
        exitCode: exitCodes.failed,
        reason: "StillWaiting",
        message: `not everything could be delivered: ${first.lastError ?? `call ${first.id} is on its way`}`,
        details: { waiting: waiting.length }
      })
    })
  )).pipe(Command.withDescription("Deliver now what waits, and say what still does"))

/**
 * `opbus outbox`
 *
 * @internal
 */
export const outbox = Command.make("outbox").pipe(
  Command.withDescription(`Show, hurry and clear up the calls that wait for the other side

  The application's layer provides the Outbox. As in every process of the application, what waits is also delivered while
  one of these commands runs.`),
  Command.withExamples([
    { command: "opbus -a ./app.ts outbox list", description: "What waits" },
    { command: "opbus -a ./app.ts outbox retry 17", description: "Deliver a dead letter again" }
  ]),
  Command.withSubcommands([list, dead, retry, remove, flush])
)

const iso = (millis: number): string => new Date(millis).toISOString()

const waitingRecord = (call: QueuedCall) => ({ ...call, acceptedAt: iso(call.acceptedAt) })

const waitingRow = ({ acceptedAt, attempts, delivering, id, key, lane, lastError }: QueuedCall) => [
  id,
  key,
  lane,
  timeOf(acceptedAt),
  String(attempts),
  delivering ? "on its way" : lastError ?? "-"
]

const deadRecord = (letter: DeadLetter) => ({
  ...letter,
  acceptedAt: iso(letter.acceptedAt),
  deadAt: iso(letter.deadAt)
})

const deadRow = ({ attempts, deadAt, id, key, lane, notTakenBack, why }: DeadLetter) => [
  id,
  key,
  lane,
  timeOf(deadAt),
  String(attempts),
  notTakenBack === undefined ? why : `${why}; ${notTakenBack}`
]
