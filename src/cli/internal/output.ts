import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import { Json } from "./globals.ts"
import { oneLine, printable } from "./text.ts"

/**
 * Prints a result: one JSON object per line with `--json`, else text for people.
 *
 * @internal
 */
export const present = <A extends object>(records: ReadonlyArray<A>, text: (records: ReadonlyArray<A>) => string) =>
  Effect.flatMap(Json, (json) => {
    const lines = json ? records.map((record) => JSON.stringify(record)).join("\n") : printable(text(records))
    return lines === "" ? Effect.void : Console.log(lines)
  })

/**
 * Says something beside the result, on the error output.
 *
 * @internal
 */
export const remark = (_tag: string, message: string, fields?: object) =>
  Effect.flatMap(Json, (json) => {
    const line = oneLine(message)
    return Console.error(json ? JSON.stringify({ _tag, ...fields, message: line }) : `opbus: ${line}`)
  })
