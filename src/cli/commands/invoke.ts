import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { Argument, Command, Flag } from "../../internal/effect/cli.ts"
import { OperationInvoker } from "../../operation/OperationInvoker.ts"
import * as App from "../internal/app.ts"
import * as flags from "../internal/flags.ts"
import { Json } from "../internal/globals.ts"
import * as Input from "../internal/input.ts"
import { operationFailure } from "../internal/operationFailure.ts"
import { findOperation } from "../internal/operations.ts"
import * as Progress from "../internal/progress.ts"
import { settle } from "../internal/settle.ts"
import { prettyJson, printable } from "../internal/text.ts"

const config = {
  key: Argument.String("key").pipe(Argument.withDescription("The key of an operation, such as note.create")),
  json: Argument.String("json").pipe(
    Argument.withDescription("The input as JSON; - reads it from the standard input, as does a pipe"),
    Argument.optional
  ),
  file: Flag.String("file").pipe(
    Flag.withAlias("f"),
    Flag.withMetavar("<path>"),
    Flag.withDescription("Read the input from a file"),
    Flag.optional
  ),
  actor: flags.actor,
  timeout: Flag.String("timeout").pipe(
    Flag.withMetavar("<duration>"),
    Flag.withDescription("How long it may take, such as 500ms, 5s or 2m"),
    Flag.optional
  )
}

/**
 * `opbus invoke <key> [json]`
 *
 * @internal
 */
export const invoke = Command.make("invoke", config, ({ actor, file, json, key, timeout }) =>
  Effect.gen(function*() {
    const limit = Option.isSome(timeout) ? yield* flags.parseDuration(timeout.value) : undefined
    const given = yield* Input.given({ json, file })
    yield* App.provide(Effect.gen(function*() {
      const operation = yield* findOperation(key)
      const input = given === undefined ? yield* Input.piped(operation) : given.value
      const invoker = yield* OperationInvoker
      const asJson = yield* Json
      const progress = yield* Progress.show(key)
      const options = { timeout: limit, actor: Option.getOrUndefined(actor) }
      const elements = operation.stream
        ? invoker.invokeKeyStream(key, input, options)
        : Stream.fromEffect(invoker.invokeKey(key, input, options))
      yield* Stream.runForEach(elements, (output) =>
        Effect.sync(() => {
          progress.clear()
          process.stdout.write(asJson ? `${JSON.stringify({ _tag: "Output", key, output })}\n` : readable(output))
        })).pipe(
          Effect.catchCause((cause) =>
            Cause.hasInterruptsOnly(cause)
              ? Effect.failCause(cause as Cause.Cause<never>)
              : Effect.fail(operationFailure(invoker, key, cause))
          )
        )
      yield* settle
    }))
  })).pipe(
    Command.withDescription("Invoke an operation and print what it returns"),
    Command.withExamples([
      { command: "opbus -a ./app.ts invoke note.create '{\"title\":\"Tea\"}'", description: "Input as an argument" },
      { command: "opbus -a ./app.ts invoke note.create --file note.json", description: "Input from a file" },
      { command: "cat note.json | opbus -a ./app.ts invoke note.create", description: "Input from a pipe" }
    ])
  )

/** Text as it is, anything else as JSON; nothing for an operation that returns nothing. */
const readable = (output: unknown): string => {
  if (output === null || output === undefined) return ""
  const text = typeof output === "string" ? output : prettyJson(output)
  return `${process.stdout.isTTY ? printable(text) : text}\n`
}
