import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Stdio from "effect/Stdio"
import * as Stream from "effect/Stream"
import * as NodeStdin from "../../node/NodeStdin.ts"
import { jsonCodec } from "../../operation/internal/json.ts"
import type * as Operation from "../../operation/Operation.ts"
import { type CliFailure, usage } from "./failure.ts"
import { parse } from "./json.ts"

/**
 * Where the input comes from.
 *
 * @internal
 */
export interface Source {
  readonly json: Option.Option<string>
  readonly file: Option.Option<string>
}

/**
 * The input that stands on the command line, if any: it can be checked before the application is started.
 *
 * @internal
 */
export const given = (
  source: Source
): Effect.Effect<{ readonly value: unknown } | undefined, CliFailure, FileSystem.FileSystem | Stdio.Stdio> =>
  Effect.gen(function*() {
    const { file, json } = source
    if (Option.isSome(json) && Option.isSome(file)) {
      return yield* usage("TooManyInputs", "the input is given twice: give either the JSON argument or --file")
    }
    if (Option.isSome(file)) return { value: yield* parse(yield* readFile(file.value), file.value) }
    if (Option.isNone(json)) return undefined
    return json.value === "-"
      ? { value: yield* parse(yield* readStdin, "the standard input") }
      : { value: yield* parse(json.value, "the argument") }
  })

/**
 * The input that is piped in; if none is, the empty input that the operation takes, if it takes one.
 *
 * @internal
 */
export const piped = (operation: Operation.Any): Effect.Effect<unknown, CliFailure, Stdio.Stdio> =>
  Effect.gen(function*() {
    // An operation without input does not wait for one.
    if (["Void", "Undefined", "Null"].includes(operation.input.ast._tag)) return null
    const text = (yield* NodeStdin.isPiped) ? yield* readStdin : ""
    return text.trim() === "" ? emptyInput(operation) : yield* parse(text, "the standard input")
  })

/**
 * The input that is piped in, if any.
 *
 * @internal
 */
export const pipedIn: Effect.Effect<{ readonly value: unknown } | undefined, CliFailure, Stdio.Stdio> = Effect.gen(
  function*() {
    const text = (yield* NodeStdin.isPiped) ? yield* readStdin : ""
    return text.trim() === "" ? undefined : { value: yield* parse(text, "the standard input") }
  }
)

const readFile = (file: string) =>
  Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    const bytes = yield* Effect.mapError(fs.readFile(file), (error) =>
      usage(
        "UnreadableInput",
        `cannot read the input from ${file}: ${
          error.reason._tag === "NotFound" ? "there is no such file" : error.reason._tag
        }`,
        error
      ))
    return yield* decode(bytes, file)
  })

const readStdin = Effect.gen(function*() {
  const stdio = yield* Stdio.Stdio
  const chunks = yield* Effect.mapError(
    Stream.runCollect(stdio.stdin),
    (error) => usage("UnreadableInput", "cannot read the standard input", error)
  )
  return yield* decode(Buffer.concat(chunks), "the standard input")
})

const decode = (bytes: Uint8Array, source: string) =>
  Effect.try({
    try: () => new TextDecoder("utf-8", { fatal: true }).decode(bytes),
    catch: (cause) => usage("InvalidJson", `${source} is not UTF-8 text`, cause)
  })

/** `null` for an operation without input, `{}` for one whose fields are all optional. */
const emptyInput = (operation: Operation.Any): unknown => {
  const decode = Schema.decodeUnknownOption(jsonCodec(operation.input))
  return [null, {}].find((value) => Option.isSome(decode(value)))
}
