/**
 * What a pool of models is configured with.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { ServiceUnavailable } from "../../../ServiceUnavailable.ts"
import { ModelSource } from "../ModelPoolLoad.ts"
import type { Settings } from "./pool.ts"

export const MB = 1 << 20
const largestBudgetMb = 1 << 20
const mostVerifyBlocks = 4096

const isWhole = (value: Schema.Json, from: number, to: number): value is number =>
  typeof value === "number" && Number.isInteger(value) && value >= from && value <= to

/** A budget in MB, or what is wrong with it. */
export const budget = (value: Schema.Json): number | string =>
  isWhole(value, 1, largestBudgetMb) ? value : `budgetMb is a whole number of MB from 1 to ${largestBudgetMb}`

/** A number of blocks, or what is wrong with it. */
export const verifyBlocks = (value: Schema.Json): number | string =>
  isWhole(value, 0, mostVerifyBlocks) ? value : `verifyBlocks is a whole number from 0 to ${mostVerifyBlocks}`

const between = (minimum: number, maximum: number) => Schema.Int.check(Schema.isBetween({ minimum, maximum }))

const Config = Schema.Struct({
  budgetMb: Schema.optionalKey(between(1, largestBudgetMb)),
  /** Where the files of models are. */
  folder: Schema.optionalKey(Schema.String),
  /** What has to be in memory for the pool to be healthy. */
  preload: Schema.optionalKey(Schema.Array(Schema.Struct({ id: Schema.NonEmptyString, source: ModelSource }))),
  verifyBlocks: Schema.optionalKey(between(0, mostVerifyBlocks))
})

/** Reads the configuration of the service. */
export const settings = (config: Schema.Json): Effect.Effect<Settings, ServiceUnavailable> =>
  Schema.decodeUnknownEffect(Config)(config, { onExcessProperty: "error" }).pipe(
    Effect.map((given) => ({
      budget: (given.budgetMb ?? 512) * MB,
      folder: given.folder,
      required: (given.preload ?? []).map(({ id, source }) => [id, source] as const),
      verifyBlocks: given.verifyBlocks ?? 4
    })),
    Effect.mapError((error) => refused(`its config is wrong: ${error.message.replace(/\s*\n\s*/g, " ")}`))
  )

/** The service cannot be made. */
export const refused = (reason: string): ServiceUnavailable =>
  new ServiceUnavailable({
    service: "model-pool",
    reason: "Refused",
    message: `The service "model-pool" cannot be made: ${reason}`
  })
