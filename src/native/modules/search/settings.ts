/**
 * What a search service can be told.
 *
 * @since 0.1.0
 */
import * as Result from "effect/Result"
import type * as Schema from "effect/Schema"
import type { Ranking } from "./engine/query.ts"
import { mostFields } from "./engine/SearchIndex.ts"

const megabyte = 1_048_576

interface Parameter {
  readonly name: keyof Numbers
  readonly description: string
  readonly least: number
  readonly most: number
  readonly whole?: boolean
}

interface Numbers extends Ranking {
  readonly budgetMb: number
  readonly maxQueued: number
  readonly cachedQueries: number
}

/** The same as in `native/core/src/modules/search/settings.rs`. */
export const parameters: ReadonlyArray<Parameter> = [
  { name: "k", description: "How soon more of the same word in a field stops counting.", least: 0, most: 100 },
  { name: "b", description: "How much the length of a field counts, from 0 to 1.", least: 0, most: 1 },
  { name: "d", description: "What a word that is found counts at least.", least: 0, most: 100 },
  { name: "budgetMb", description: "What documents and index may take, in megabytes.", least: 0.001, most: 65_536 },
  {
    name: "maxQueued",
    description: "How many documents may wait while memory is scarce.",
    least: 0,
    most: 1_000_000,
    whole: true
  },
  {
    name: "cachedQueries",
    description: "How many queries are remembered with what they found.",
    least: 0,
    most: 10_000,
    whole: true
  }
]

/** The settings of one service. */
export interface Settings extends Numbers {
  readonly fields: ReadonlyArray<string>
}

const defaults: Settings = {
  fields: ["title", "text"],
  k: 1.2,
  b: 0.7,
  d: 0.5,
  budgetMb: 64,
  maxQueued: 1000,
  cachedQueries: 128
}

export const budgetOf = (settings: Settings): number => Math.floor(settings.budgetMb * megabyte)

/** The settings with another value; the failure is one line. */
export const set = (settings: Settings, name: string, value: Schema.Json): Result.Result<Settings, string> => {
  const parameter = parameters.find((one) => one.name === name)
  if (parameter === undefined) {
    return Result.fail(
      `search has no parameter "${[...name].slice(0, 100).join("")}", but ${
        parameters.map((one) => one.name).join(", ")
      }.`
    )
  }
  const { least, most, whole } = parameter
  if (typeof value !== "number" || !(value >= least && value <= most)) {
    return Result.fail(`"${name}" takes a number from ${least} to ${most}.`)
  }
  return Result.succeed({ ...settings, [parameter.name]: whole === true ? Math.floor(value) : value })
}

const isObject = (value: Schema.Json): value is Schema.JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const isNames = (value: Schema.Json): value is ReadonlyArray<string> =>
  Array.isArray(value) && value.length > 0 && value.length <= mostFields &&
  value.every((name) => typeof name === "string" && name !== "") && new Set(value).size === value.length

/** Reads the configuration of a service; the failure is one line. */
export const read = (config: Schema.Json): Result.Result<Settings, string> => {
  if (config === null) return Result.succeed(defaults)
  if (!isObject(config)) return Result.fail("The configuration of search is an object.")
  const names = Object.hasOwn(config, "fields") ? config["fields"] : defaults.fields
  if (names === undefined || !isNames(names)) {
    return Result.fail(`"fields" takes from 1 to ${mostFields} different names.`)
  }
  let settings: Result.Result<Settings, string> = Result.succeed({ ...defaults, fields: [...names] })
  for (const [name, value] of Object.entries(config)) {
    if (name !== "fields") settings = Result.flatMap(settings, (settings) => set(settings, name, value))
  }
  return settings
}
