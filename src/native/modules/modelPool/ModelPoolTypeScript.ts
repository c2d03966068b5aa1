/**
 * The service `model-pool` in TypeScript: models within a budget of memory.
 *
 * This file is the way from the spec to the pool, which does the work.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Option from "effect/Option"
import type * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { ParameterRefused } from "../../ManagedService.ts"
import type { ServiceUnavailable } from "../../ServiceUnavailable.ts"
import * as Config from "./internal/config.ts"
import { checksumNow, type Model } from "./internal/model.ts"
import { Pool } from "./internal/pool.ts"
import type { LoadRefusal } from "./internal/refusal.ts"
import * as Activate from "./ModelPoolActivate.ts"
import * as Infer from "./ModelPoolInfer.ts"
import {
  BudgetExceeded,
  ModelConflict,
  type ModelInfo,
  type ModelPoolLoadParams,
  RefusedByPressure,
  SourceUnreadable
} from "./ModelPoolLoad.ts"
import * as Overwrite from "./ModelPoolOverwrite.ts"
import * as Read from "./ModelPoolRead.ts"
import type { ModelPoolImplementation } from "./ModelPoolService.ts"
import * as Unload from "./ModelPoolUnload.ts"
import * as Verify from "./ModelPoolVerify.ts"

const longestRead = 1 << 20

/**
 * Makes the service `model-pool`.
 *
 * **When to use**
 *
 * `ModelPoolService.layerTypeScript` calls it.
 *
 * **Details**
 *
 * The config is `{ budgetMb?, folder?, preload?, verifyBlocks? }`; a folder of models needs `FileSystem` around.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function*(
  config: Schema.Json
): Effect.fn.Return<ModelPoolImplementation, ServiceUnavailable> {
  const settings = yield* Config.settings(config)
  const files = yield* Effect.serviceOption(FileSystem.FileSystem)
  if (settings.folder !== undefined && Option.isNone(files)) {
    return yield* Config.refused("a folder of models needs the service FileSystem; provide NodeFileSystem.layer")
  }
  const pool = new Pool(settings, Option.getOrElse(files, () => FileSystem.makeNoop({})))
  return {
    health: Effect.sync(() => pool.health),
    // warning: no new models; high: idle adapters go; critical: nothing is asked either
    pressureResponse: (level) => Effect.sync(() => pool.respond(level)),
    shedLoad: Effect.sync(() => pool.shed()),
    heal: pool.heal,
    shutdown: Effect.sync(() => pool.clear()),
    initialize: initialize(pool),
    metrics: Effect.sync(() => metrics(pool)),
    metricPrefix: "model_pool",
    parameters: parameters(pool),
    activate: ({ active, id }) =>
      found(
        () => pool.activate(id, active),
        (model) => ({ model: info(model) }),
        () => new Activate.ModelNotFound({ id })
      ),
    infer: ({ id, prompt, tokens }) =>
      Effect.mapError(pool.infer(id, prompt, tokens), (refusal) =>
        refusal._tag === "NotFound"
          ? new Infer.ModelNotFound({ id })
          : new Infer.RefusedByPressure({ level: refusal.level, command: "model-pool/infer" })),
    list: ({ active, kind }) =>
      Effect.sync(() => ({
        models: pool.models
          .filter((model) =>
            (kind === undefined || model.kind === kind) && (active === undefined || model.active === active)
          )
          .map(info)
      })),
    load: (params) =>
      pool.load(params.id, params.source, params.kind, params.makeRoom).pipe(
        Effect.map(({ loaded, model, unloaded }) => ({ model: info(model), unloaded, loaded })),
        Effect.mapError((refusal) => loadFailure(params, refusal))
      ),
    overwrite: ({ data, id, offset }) =>
      found(
        () => pool.overwrite(id, offset, data),
        (written) => ({ written }),
        () => new Overwrite.ModelNotFound({ id })
      ),
    read: ({ id, length, offset }) =>
      found(() => pool.get(id), ({ bytes, size }) => {
        const from = Math.min(offset, size)
        const to = Math.min(size, from + Math.min(length, longestRead))
        return { data: bytes.slice(from, to), end: to === size }
      }, () => new Read.ModelNotFound({ id })),
    stats: () =>
      Effect.sync(() => {
        const { models } = pool
        return {
          budgetBytes: pool.budget,
          usedBytes: pool.used,
          models: models.length,
          active: models.filter(({ active }) => active).length,
          level: pool.level,
          ...pool.counters
        }
      }),
    unload: ({ force, id }) =>
      Effect.gen(function*() {
        const freed = pool.unload(id, force)
        if (freed === "NotFound") return yield* new Unload.ModelNotFound({ id })
        if (freed === "Active") return yield* new Unload.ModelActive({ id })
        return { freedBytes: freed }
      }),
    verify: ({ id }) => verify(pool, id)
  }
})

const found = <A, B, E>(find: () => A | undefined, use: (value: A) => B, notFound: () => E): Effect.Effect<B, E> =>
  Effect.suspend(() => {
    const value = find()
    return value === undefined ? Effect.fail(notFound()) : Effect.succeed(use(value))
  })

const info = ({ active, checksum, id, kind, size, source, uses }: Model): ModelInfo => ({
  id,
  kind,
  source,
  bytes: size,
  checksum,
  active,
  uses
})

const loadFailure = ({ id }: ModelPoolLoadParams, refusal: LoadRefusal) => {
  switch (refusal._tag) {
    case "Budget":
      return new BudgetExceeded({
        id,
        requestedBytes: refusal.requested,
        availableBytes: refusal.available,
        budgetBytes: refusal.budget
      })
    case "Conflict":
      return new ModelConflict({ id })
    case "Pressure":
      return new RefusedByPressure({ level: refusal.level, command: "model-pool/load" })
    case "Unreadable":
      return new SourceUnreadable({ id, reason: refusal.reason })
  }
}

/** One required model after the other. */
const initialize = (pool: Pool): Effect.Effect<void, ServiceUnavailable> =>
  Effect.gen(function*() {
    while (yield* pool.loadNextRequired);
  }).pipe(Effect.mapError(Config.refused))

/** A model that is unloaded under a stream ends it. */
const verify = (pool: Pool, id: string): Stream.Stream<Verify.ModelPoolVerifyResult, Verify.ModelNotFound> =>
  Stream.suspend(() => {
    const model = pool.get(id)
    if (model === undefined) return Stream.fail(new Verify.ModelNotFound({ id }))
    return Stream.unfold(0, (block) => {
      if (pool.get(id) !== model) return Effect.fail(new Verify.ModelNotFound({ id }))
      if (block >= model.blocks.length) return Effect.undefined
      const checksum = checksumNow(model, block)
      const element: Verify.ModelPoolVerifyResult = { block, checksum, intact: checksum === model.blocks[block] }
      return Effect.succeed([element, block + 1] as const)
    })
  })

/** `subsystems.inference` is what `gpu/stats` shows. */
const metrics = (pool: Pool): Schema.Json => {
  const { budget, counters, models, used } = pool
  const active = models.filter(({ active }) => active).length
  return {
    budgetBytes: budget,
    usedBytes: used,
    models: models.length,
    active,
    loads: counters.loads,
    refusals: counters.refusals,
    unloads: counters.unloads,
    restored: counters.restored,
    subsystems: { inference: { budgetMb: budget / Config.MB, usedMb: used / Config.MB, consumers: active } }
  }
}

const descriptions: ReadonlyMap<string, string> = new Map([
  ["budgetMb", "How much memory the models may occupy together, in MB"],
  ["verifyBlocks", "How many MB are compared with their checksums at every look at the health"]
])

const parameters = (pool: Pool): NonNullable<ModelPoolImplementation["parameters"]> => ({
  list: Effect.succeed(Array.from(descriptions, ([name, description]) => ({ name, description }))),
  get: (name) =>
    Effect.sync(() =>
      name === "budgetMb" ? pool.budget / Config.MB : name === "verifyBlocks" ? pool.verifyBlocks : undefined
    ),
  set: (name, value) =>
    Effect.suspend(() => {
      const refuse = (message: string) =>
        Effect.fail(new ParameterRefused({ service: "model-pool", parameter: name, message }))
      if (!descriptions.has(name)) return refuse(`model-pool has no parameter "${name}"`)
      const checked = name === "budgetMb" ? Config.budget(value) : Config.verifyBlocks(value)
      if (typeof checked === "string") return refuse(checked)
      if (name === "budgetMb") pool.setBudget(checked * Config.MB)
      else pool.verifyBlocks = checked
      return Effect.void
    })
})
