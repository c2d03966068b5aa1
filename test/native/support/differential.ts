/**
 * One service, implemented several times, asked the same: every answer, every failure and every figure has to be the same.
 */
import { assert } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import type { ManagedService } from "opbus/native/ManagedService"
import type { Command, Commands, Functions, Instance, ServiceDefinition } from "opbus/native/ServiceDefinition"
import { makeRandom, type Random } from "../../spec/support/random.ts"

/** Makes the input of each command; a command without is not called. */
export type Inputs<C extends Commands> = {
  readonly [Name in keyof C]?: (random: Random) => C[Name]["operation"]["input"]["Type"]
}

/** What else a service is asked: its answers are compared as well. */
export type Action = readonly [name: string, ask: (managed: ManagedService) => Effect.Effect<unknown, unknown>]

export interface Options<C extends Commands> {
  readonly definition: ServiceDefinition<C>
  /** The first is what the others are compared with. */
  readonly subjects: Readonly<Record<string, Instance<Functions<C>>>>
  readonly seed: number
  /** How often each command is called, or some of them; in a random order, and each time with another input. */
  readonly calls: number | { readonly [Name in keyof C]?: number }
  readonly inputs: Inputs<C>
  /** Something that is done between two calls, now and then. */
  readonly between?: (random: Random) => Action | undefined
}

/** What was seen, so that a test can say that it has not only seen refusals. */
export interface Report {
  /** By command: how often it succeeded, and how often it failed with each failure. */
  readonly outcomes: Readonly<Record<string, Readonly<Record<string, number>>>>
}

/**
 * Calls all subjects and compares their answers, to the last bit of a number.
 *
 * A difference fails the test and says the seed, the call, its input and both answers. So does a defect, even if all agree.
 */
export const differential = <C extends Commands>(options: Options<C>): Effect.Effect<Report> =>
  Effect.gen(function*() {
    const random = makeRandom(options.seed)
    const names = Object.keys(options.inputs)
    const subjects = Object.entries(options.subjects)
    const often = (name: string) => typeof options.calls === "number" ? options.calls : options.calls[name] ?? 0
    const calls = random.shuffle(names.flatMap((name) => Array.from({ length: often(name) }, () => name)))
    const outcomes: Record<string, Record<string, number>> = Object.fromEntries(names.map((name) => [name, {}]))
    for (const [step, name] of calls.entries()) {
      const action = options.between?.(random)
      if (action !== undefined) {
        yield* compare(subjects, (instance) =>
          Effect.map(Effect.exit(action[1](instance.managed)), plain), (answer) =>
          `seed ${options.seed}, before call ${step}: ${action[0]}\n${answer}`)
      }
      const input = options.inputs[name]!(random)
      const command = options.definition.commands[name]!
      const outcome = yield* compare(
        subjects,
        (instance) =>
          answer(command, instance.commands[name] as AnyFunction, input),
        (answer) =>
          `seed ${options.seed}, call ${step}: ${name} of ${JSON.stringify(input, jsonable)?.slice(0, 4000)}\n${answer}`
      )
      const counts = outcomes[name]!
      counts[outcome] = (counts[outcome] ?? 0) + 1
    }
    return { outcomes }
  })

interface Answer {
  readonly outcome: string
  readonly text: string
}

type AnyFunction = (input: unknown) => Effect.Effect<unknown, unknown> | Stream.Stream<unknown, unknown>

const compare = <C extends Commands>(
  subjects: ReadonlyArray<readonly [string, Instance<Functions<C>>]>,
  ask: (instance: Instance<Functions<C>>) => Effect.Effect<Answer>,
  describe: (answers: string) => string
): Effect.Effect<string> =>
  Effect.gen(function*() {
    let first: readonly [string, Answer] | undefined
    for (const [name, instance] of subjects) {
      const answer = yield* ask(instance)
      if (answer.outcome === "defect") assert.fail(describe(`${name}: ${answer.text}`))
      if (first === undefined) first = [name, answer]
      else if (first[1].text !== answer.text) {
        assert.fail(describe(`${first[0]}: ${first[1].text.slice(0, 4000)}\n${name}: ${answer.text.slice(0, 4000)}`))
      }
    }
    return first?.[1].outcome ?? "nothing"
  })

const encoders = new WeakMap<object, (value: unknown) => unknown>()
const encode = (schema: object, value: unknown): unknown => {
  let encoder = encoders.get(schema)
  if (encoder === undefined) {
    encoder = Schema.encodeUnknownSync(schema as Schema.Encoder<unknown, never>)
    encoders.set(schema, encoder)
  }
  return encoder(value)
}

/** What a command answers, as text: on the encoded side, so that it has also been checked against its schema. */
const answer = (command: Command, call: AnyFunction, input: unknown): Effect.Effect<Answer> => {
  const { error, output, stream } = command.operation
  const result = call(input)
  const values = stream
    ? Effect.map(
      Stream.runCollect(result as Stream.Stream<unknown, unknown>),
      (items) => items.map((item) => encode(output, item))
    )
    : Effect.map(result as Effect.Effect<unknown, unknown>, (value) => encode(output, value))
  return Effect.map(Effect.exit(values), (exit) => {
    if (exit._tag === "Success") return { outcome: "success", text: canonical(exit.value) }
    const failure = exit.cause.reasons.find(Cause.isFailReason)
    if (failure === undefined) return { outcome: "defect", text: Cause.pretty(exit.cause) }
    const encoded = encode(error, failure.error)
    const tag = (encoded as { readonly _tag?: unknown })._tag
    return { outcome: typeof tag === "string" ? tag : "failure", text: `fails with ${canonical(encoded)}` }
  })
}

const plain = (exit: Exit.Exit<unknown, unknown>): Answer => {
  if (exit._tag === "Success") return { outcome: "success", text: canonical(exit.value) }
  const failure = exit.cause.reasons.find(Cause.isFailReason)
  return failure === undefined
    ? { outcome: "defect", text: Cause.pretty(exit.cause) }
    : { outcome: "failure", text: `fails with ${canonical({ ...(failure.error as object) })}` }
}

/** A text that is the same for equal values only: keys have no order, and the two zeros differ. */
const canonical = (value: unknown): string => {
  if (typeof value === "number") return Object.is(value, -0) ? "-0" : String(value)
  if (typeof value === "bigint") return `${value}n`
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? String(value)
  if (value instanceof Uint8Array) return `bytes ${Array.from(value).join(",")}`
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`
  const entries = Object.entries(value).filter(([, one]) => one !== undefined)
  entries.sort(([a], [b]) => a < b ? -1 : 1)
  return `{${entries.map(([key, one]) => `${JSON.stringify(key)}:${canonical(one)}`).join(",")}}`
}

const jsonable = (_key: string, value: unknown): unknown => typeof value === "bigint" ? `${value}` : value
