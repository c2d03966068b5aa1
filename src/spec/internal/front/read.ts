import * as Result from "effect/Result"
import { CommandSpec } from "../../CommandSpec.ts"
import { CommandSpecV1, migrate } from "../../CommandSpecV1.ts"
import { SpecError, type SpecProblem } from "../../SpecError.ts"
import { type Finding, makeDecoder } from "./decode.ts"
import { lineOf, parseJson, placeOf } from "./jsonText.ts"
import { remember, sortProblems } from "./problems.ts"

const decode2 = makeDecoder(CommandSpec)
const decode1 = makeDecoder(CommandSpecV1)

/** @internal */
export const readSpec = (source: string, text: string): Result.Result<CommandSpec, SpecError> => {
  const json = parseJson(text)
  if (json._tag === "Problem") {
    return failed([{
      source,
      path: json.path,
      ...lineOf(text, json.offset),
      message: `${json.message}.`,
      suggestions: []
    }])
  }
  const read = decodeAny(json.value)
  if ("findings" in read) {
    return failed(read.findings.map((finding) => ({
      source,
      path: finding.path,
      ...lineOf(text, placeOf(json.places, finding.path)),
      message: finding.message,
      suggestions: finding.suggestions
    })))
  }
  remember(read.value, text)
  return Result.succeed(read.value)
}

const failed = (problems: ReadonlyArray<SpecProblem>) =>
  Result.fail(new SpecError({ problems: sortProblems(problems) }))

const decodeAny = (
  input: unknown
): { readonly value: CommandSpec } | { readonly findings: ReadonlyArray<Finding> } => {
  if (typeof input !== "object" || input === null || Array.isArray(input)) {
    return one([], "a spec is a JSON object with the keys \"version\", \"name\", \"description\" and \"adapter\".")
  }
  const version = Object.hasOwn(input, "version") ? (input as { readonly version: unknown }).version : undefined
  if (version === 2) return decode2(input) as { readonly value: CommandSpec }
  if (version !== undefined && version !== 1) {
    return one(["version"], `version ${JSON.stringify(version)} of the format is not known: write 2.`)
  }
  // The keys that only version 2 has say what was meant.
  const newer = ["adapter", "types", "rust", "service", "errors", "mode"].find((key) => Object.hasOwn(input, key))
  if (version === undefined && newer !== undefined) {
    return one(
      [],
      `the key "version" is missing, and ${JSON.stringify(newer)} is a key of version 2: add "version": 2.`
    )
  }
  const old = decode1(input)
  return "findings" in old ? old : { value: migrate(old.value as typeof CommandSpecV1.Type) }
}

const one = (path: ReadonlyArray<string | number>, message: string) => ({
  findings: [{ path, message, suggestions: [] }]
})
