import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"
import { Argument, Command, Flag } from "../../internal/effect/cli.ts"
import { type InvokeOptions, OperationInvoker } from "../../operation/OperationInvoker.ts"
import * as App from "../internal/app.ts"
import { type CliFailure, usage } from "../internal/failure.ts"
import * as flags from "../internal/flags.ts"
import { Json } from "../internal/globals.ts"
import * as Input from "../internal/input.ts"
import { operationFailure, remoteFailure } from "../internal/operationFailure.ts"
import { findOperation } from "../internal/operations.ts"
import * as Progress from "../internal/progress.ts"
import * as Remote from "../internal/remote.ts"
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
  ),
  ...Remote.flags,
  idempotencyKey: Flag.String("idempotency-key").pipe(
    Flag.withMetavar("<text>"),
    Flag.withDescription("However often it is called with this key, the server does it once"),
    Flag.optional
  )
}

/**
 * `opbus invoke <key> [json]`
 *
 * @internal
 */
export const invoke = Command.make("invoke", config, (options) =>
  Effect.gen(function*() {
    const { file, json, remote } = options
    const timeout = Option.isSome(options.timeout) ? yield* flags.parseDuration(options.timeout.value) : undefined
    if (Option.isNone(remote)) {
      if (options.header.length > 0) return yield* usage("NoRemote", "--header is for --remote <url>")
      if (Option.isSome(options.idempotencyKey)) {
        return yield* usage("NoRemote", "--idempotency-key is for --remote <url>")
      }
      const given = yield* Input.given({ json, file })
      return yield* App.provide(locally(options.key, given, { timeout, actor: Option.getOrUndefined(options.actor) }))
    }
    const server = yield* Remote.serverOf(remote.value, options.header)
    const given = (yield* Input.given({ json, file })) ?? (yield* Input.pipedIn)
    yield* Effect.scoped(elsewhere(server, options.key, given, { ...options, timeout }))
  })).pipe(
    Command.withDescription("Invoke an operation and print what it returns"),
    Command.withExamples([
      { command: "opbus -a ./app.ts invoke note.create '{\"title\":\"Tea\"}'", description: "Input as an argument" },
      { command: "opbus -a ./app.ts invoke note.create --file note.json", description: "Input from a file" },
      { command: "cat note.json | opbus -a ./app.ts invoke note.create", description: "Input from a pipe" },
      {
        command: "opbus invoke note.create '{\"title\":\"Tea\"}' --remote http://127.0.0.1:4400",
        description: "On a server"
      }
    ])
  )

const locally = (key: string, given: { readonly value: unknown } | undefined, options: InvokeOptions) =>
  Effect.gen(function*() {
    const operation = yield* findOperation(key)
    const input = given === undefined ? yield* Input.piped(operation) : given.value
    const invoker = yield* OperationInvoker
    const progress = yield* Progress.show(key)
    const outputs = operation.stream
      ? invoker.invokeKeyStream(key, input, options)
      : Stream.fromEffect(invoker.invokeKey(key, input, options))
    yield* print(key, outputs, progress, (cause) => operationFailure(invoker, key, cause))
    yield* settle
  })

const elsewhere = (
  server: Remote.Server,
  key: string,
  given: { readonly value: unknown } | undefined,
  options: Remote.CallOptions
) =>
  Effect.gen(function*() {
    const client = yield* Remote.connect(server)
    const progress = yield* Progress.make(key)
    const calling = (input: unknown) => Remote.call(server, client, key, input, options)
    const items = given === undefined ? Remote.withoutInput(calling, options) : calling(given.value)
    const outputs = items.pipe(Stream.filterMap((item) => {
      if ("value" in item) return Result.succeed(item.value)
      progress.draw(item.progress)
      return Result.failVoid
    }))
    yield* print(key, outputs, progress, (cause) => remoteFailure(key, cause))
  })

const print = (
  key: string,
  outputs: Stream.Stream<unknown, unknown>,
  progress: Progress.ProgressLine,
  failure: (cause: Cause.Cause<unknown>) => CliFailure
) =>
  Effect.gen(function*() {
    const asJson = yield* Json
    yield* Stream.runForEach(outputs, (output) =>
      Effect.sync(() => {
        progress.clear()
        process.stdout.write(asJson ? `${JSON.stringify({ _tag: "Output", key, output })}\n` : readable(output))
      })).pipe(
        Effect.catchCause((cause) =>
          Cause.hasInterruptsOnly(cause)
            ? Effect.failCause(cause as Cause.Cause<never>)
            : Effect.fail(failure(cause))
        )
      )
  })

/** Text as it is, anything else as JSON; nothing for an operation that returns nothing. */
const readable = (output: unknown): string => {
  if (output === null || output === undefined) return ""
  const text = typeof output === "string" ? output : prettyJson(output)
  return `${process.stdout.isTTY ? printable(text) : text}\n`
}
