import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import type * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { makeJsonEncoder, makeJsonReader } from "../../../operation/internal/json.ts"
import type * as Operation from "../../../operation/Operation.ts"
import type * as Admission from "../../Admission.ts"
import { NativeDefect } from "../../NativeService.ts"
import { ServiceUnavailable } from "../../ServiceUnavailable.ts"
import { type Answer, type Connection, Status } from "./connection.ts"
import { toText } from "./json.ts"

/**
 * A running instance in a process of its own.
 *
 * @internal
 */
export interface Running {
  readonly connection: Connection
  readonly instance: number
  /** The number of a command, by its name in the spec. */
  readonly commands: ReadonlyMap<string, number>
}

/**
 * Asks an instance about itself; what is no value is a defect.
 *
 * @internal
 */
export const askInstance = (
  admission: Admission.Admission,
  { connection, instance }: Running,
  method: string,
  more = ""
): Effect.Effect<Answer, ServiceUnavailable> =>
  Effect.flatMap(
    connection.ask(method, `{"instance":${instance}${more}}`),
    (answer) => settle(admission, method, answer)
  )

/**
 * Reads an answer's value; another shape is a defect.
 *
 * @internal
 */
export const readAs = <A>(schema: Schema.ConstraintCodec<A, unknown>) => {
  const decode = makeJsonReader(schema)
  return ({ value }: Answer): Effect.Effect<A> =>
    Effect.catch(
      decode(value),
      () => Effect.die(new Error("A sidecar's answer does not have the shape of its protocol. Build it again."))
    ) as Effect.Effect<A>
}

const settle = (
  admission: Admission.Admission,
  command: string,
  answer: Answer
): Effect.Effect<Answer, ServiceUnavailable> => {
  const { service } = admission
  const message = answer.message ?? "it does not say why"
  switch (answer.status) {
    case Status.ok:
    case Status.failure:
    case Status.end:
      return Effect.succeed(answer)
    case Status.unavailable:
      return Effect.fail(
        admission.closed ?? new ServiceUnavailable({
          service,
          reason: "Pressure",
          message: `The service "${service}" takes no calls now: ${message}.`
        })
      )
    case Status.interrupted:
      return Effect.interrupt
    default:
      return Effect.die(new NativeDefect({ service, command, message }))
  }
}

/** How many elements of a stream may cross together. */
const most = 64

/**
 * The function of a command: its input as JSON to the process, its output back.
 *
 * @internal
 */
export const functionOf = (
  service: string,
  name: string,
  operation: Operation.Any,
  admission: Admission.Admission,
  exempt: boolean,
  running: () => Running
): (params: unknown) => Effect.Effect<unknown, unknown> | Stream.Stream<unknown, unknown> => {
  const encode = makeJsonEncoder(operation.input)
  const readOutput = makeJsonReader(operation.output)
  const readError = makeJsonReader(operation.error)

  const read = (decode: typeof readOutput, value: unknown) =>
    Effect.catch(
      decode(value),
      () =>
        Effect.die(
          new Error(
            `The service "${service}" answered "${name}" with what does not fit its schema. Build both from the same specs.`
          )
        )
    ) as Effect.Effect<unknown>

  const closed = exempt ? () => admission.closedAtCritical : () => admission.closed

  const params = ({ commands, instance }: Running, input: unknown): string =>
    `{"instance":${instance},"command":${commands.get(name)},"input":${toText(encode(input))}}`

  const value = (answer: Answer): Effect.Effect<unknown, unknown> =>
    Effect.flatMap(settle(admission, name, answer), (answer) =>
      answer.status === Status.failure
        ? Effect.flatMap(read(readError, answer.value), Effect.fail)
        : read(readOutput, answer.value))

  if (!operation.stream) {
    return (input) =>
      Effect.suspend(() => {
        const refusal = closed()
        if (refusal !== undefined) return Effect.fail(refusal)
        const current = running()
        return Effect.flatMap(current.connection.ask("call", params(current, input)), value)
      })
  }

  return (input) =>
    Stream.unwrap(Effect.gen(function*() {
      const refusal = closed()
      if (refusal !== undefined) return yield* Effect.fail(refusal)
      const current = running()
      const { connection } = current
      const close = (stream: unknown) => connection.tell("close", `{"stream":${String(stream)}}`)
      const opened = yield* Effect.acquireRelease(
        Effect.flatMap(
          connection.ask("open", params(current, input), (late) => close(late.value)),
          (answer) => settle(admission, name, answer)
        ),
        (answer) => Effect.sync(() => answer.status === Status.ok ? close(answer.value) : undefined),
        { interruptible: true }
      )
      if (opened.status === Status.failure) return yield* Effect.flatMap(read(readError, opened.value), Effect.fail)
      let last: Answer | undefined
      const next = connection.ask("next", `{"stream":${String(opened.value)},"most":${most}}`)
      const pull: Effect.Effect<readonly [unknown, ...Array<unknown>], unknown> = Effect.suspend(() =>
        last === undefined ? Effect.flatMap(next, take) : finish(last)
      )
      const finish = (answer: Answer) =>
        answer.status === Status.end
          ? Cause.done()
          : Effect.flatMap(value(answer), () => Effect.die(new Error(`A stream of "${service}" ended without an end`)))
      const take = (answer: Answer) => {
        if (answer.status !== Status.ok) last = answer
        const [first, ...others] = answer.items ?? []
        if (answer.items === undefined || answer.items.length === 0) return pull
        return Effect.forEach([first, ...others] as const, (item) => read(readOutput, item))
      }
      return Stream.fromPull(Effect.succeed(pull))
    })) as Stream.Stream<unknown, unknown>
}
