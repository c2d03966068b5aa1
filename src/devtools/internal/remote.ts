import * as Effect from "effect/Effect"
import type * as Stream from "effect/Stream"
import { redacted } from "../../operation/internal/sensitive.ts"
import type { DeadLetter } from "../../remote/DeadLetter.ts"
import { type DeploymentRegistry, toMessage } from "../../remote/DeploymentRegistry.ts"
import { outboxInternalsOf } from "../../remote/internal/delivery/outboxInternals.ts"
import { mayHaveArrived, removeCall } from "../../remote/internal/outboxTools.ts"
import type { Outbox, QueuedCall } from "../../remote/Outbox.ts"
import type { Remote } from "../DevtoolsMessages.ts"
import { Refused } from "../DevtoolsOperations.ts"
import { live } from "./live.ts"
import { oneLine } from "./text.ts"

/** Of longer lists these are sent. */
const shown = 2_000

/**
 * What an application has of what runs elsewhere.
 *
 * @internal
 */
export interface RemoteSources {
  readonly outbox: Outbox["Service"] | undefined
  readonly deployments: DeploymentRegistry["Service"] | undefined
}

/**
 * Deployments, what waits to be delivered, and what was given up. Other processes may write the same stores.
 *
 * @internal
 */
export const remote = ({ deployments, outbox }: RemoteSources): Stream.Stream<Remote> =>
  live({
    read: read({ deployments, outbox }),
    changes: [
      ...(outbox === undefined ? [] : [outbox.changes]),
      ...(deployments === undefined ? [] : [deployments.changes])
    ],
    poll: outbox === undefined && deployments === undefined ? "1 hour" : "1 second"
  })

const read = ({ deployments, outbox }: RemoteSources): Effect.Effect<Remote> =>
  Effect.gen(function*() {
    const problems: Array<string> = []
    const orNone = <A, E extends { readonly message: string }>(list: Effect.Effect<ReadonlyArray<A>, E> | undefined) =>
      list === undefined ? Effect.succeed([]) : Effect.catch(list, (error) => {
        problems.push(oneLine(error.message))
        return Effect.succeed<ReadonlyArray<A>>([])
      })
    const deployed = yield* orNone(deployments?.list)
    const pending = yield* orNone(outbox?.pending)
    const dead = yield* orNone(outbox?.deadLetters)
    const sensitive = outbox === undefined ? undefined : outboxInternalsOf(outbox)?.sensitive
    return {
      hasDeployments: deployments !== undefined,
      deployments: deployed.slice(0, shown).map(toMessage),
      hasOutbox: outbox !== undefined,
      pending: pending.slice(0, shown).map(callOf),
      pendingTotal: pending.length,
      dead: dead.slice(-shown).map((letter) => letterOf(letter, sensitive)),
      deadTotal: dead.length,
      problems: Array.from(new Set(problems))
    }
  })

const callOf = ({ lastError, ...call }: QueuedCall): Remote["pending"][number] => ({
  ...call,
  ...(lastError === undefined ? {} : { lastError: oneLine(lastError) })
})

/** What is sensitive is not stored by a durable queue; one in memory has it (I8). */
const letterOf = (
  { notTakenBack, reason, why, ...letter }: DeadLetter,
  sensitive: ReadonlySet<string> | undefined
): Remote["dead"][number] => ({
  ...letter,
  why: oneLine(why),
  reason: reason._tag === "Failed"
    ? { _tag: "Failed", error: sensitive?.has(letter.key) === true ? redacted : reason.error as never }
    : JSON.parse(JSON.stringify(reason)) as Exclude<typeof reason, { readonly _tag: "Failed" }> as never,
  ...(notTakenBack === undefined ? {} : { notTakenBack: oneLine(notTakenBack) })
})

/**
 * What can be done about what waits or was given up.
 *
 * @internal
 */
export const outboxTools = (outbox: Outbox["Service"] | undefined) => {
  const refuse = (reason: Refused["reason"], message: string) => Effect.fail(new Refused({ reason, message }))
  const use = <A>(run: (outbox: Outbox["Service"]) => Effect.Effect<A, Refused | { readonly message: string }>) =>
    outbox === undefined
      ? refuse("Absent", "The application has no outbox.")
      : Effect.mapError(
        run(outbox),
        (error) => error instanceof Refused ? error : new Refused({ reason: "Failed", message: oneLine(error.message) })
      )
  return {
    retry: ({ id }: { readonly id: string }) =>
      use((outbox) =>
        Effect.flatMap(
          outbox.retryDeadLetter(id),
          (queued) => queued ? Effect.void : refuse("NotFound", `There is no dead letter ${id} any more.`)
        )
      ),
    deliver: () => use((outbox) => outbox.flush),
    remove: ({ id }: { readonly id: string }) =>
      use((outbox) =>
        Effect.flatMap(removeCall(outbox, id), (result) =>
          result === "removed"
            ? Effect.void
            : result === "mayHaveArrived"
            ? refuse("MayHaveArrived", `The ${mayHaveArrived(id)}.`)
            : refuse("NotFound", `There is no call ${id} that waits or was given up.`))
      )
  }
}
