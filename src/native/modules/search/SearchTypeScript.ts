import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { ParameterRefused } from "../../ManagedService.ts"
import type { PressureLevel } from "../../PressureLevel.ts"
import { ServiceUnavailable } from "../../ServiceUnavailable.ts"
import type { Document } from "./engine/SearchIndex.ts"
import { compare } from "./engine/text.ts"
import { BudgetExceeded, IndexMissing, QueueFull, SearchPaused, UnknownField } from "./SearchAdd.ts"
import * as Clear from "./SearchClear.ts"
import * as Query from "./SearchQuery.ts"
import * as Remove from "./SearchRemove.ts"
import type { SearchImplementation } from "./SearchService.ts"
import { type Added, type Refusal, SearchState } from "./SearchState.ts"
import { parameters, read } from "./settings.ts"

/** Makes the service `search`. */
export const make = (config: Schema.Json): Effect.Effect<SearchImplementation, ServiceUnavailable, Scope.Scope> =>
  Effect.suspend(() => {
    const settings = read(config)
    return Result.isSuccess(settings)
      ? Effect.succeed(implementation(new SearchState(settings.success)))
      : Effect.fail(
        new ServiceUnavailable({
          service: "search",
          reason: "Refused",
          message: `The service "search" could not be made: ${settings.failure}`
        })
      )
  })

type QueryError = Query.UnknownField | Query.SearchPaused | Query.IndexMissing

const paused = (level: PressureLevel) => ({
  level,
  message: level === "high"
    ? "Memory is scarce: only queries that are remembered are answered. Try again later."
    : "Memory is nearly used up: the index is closed. Try again later."
})

const missing = {
  message: "The index was dropped to free memory and is built again when the service heals. Try again later."
}

const addError = (refusal: Refusal) => {
  switch (refusal._tag) {
    case "Paused":
      return new SearchPaused(paused(refusal.level))
    case "Missing":
      return new IndexMissing(missing)
    case "QueueFull":
      return new QueueFull({ limit: refusal.limit, queued: refusal.queued })
    case "TooLarge":
      return new BudgetExceeded({
        budgetBytes: refusal.budget,
        usedBytes: refusal.used,
        neededBytes: refusal.needed
      })
  }
}

const implementation = (state: SearchState): SearchImplementation => {
  const known = state.settings.fields
  const positions = new Map(known.map((name, position) => [name, position]))

  /** The document with its texts by position, or the name of a field that there is not. */
  const stored = (
    { fields, id }: { readonly id: string; readonly fields: Readonly<Record<string, string>> }
  ): Document | string => {
    const texts = known.map((name) => Object.hasOwn(fields, name) ? fields[name]! : "")
    return firstUnknown(Object.keys(fields)) ?? { id, texts }
  }
  const firstUnknown = (names: ReadonlyArray<string>): string | undefined =>
    names.filter((name) => !positions.has(name)).sort(compare)[0]

  /** The boost of each field, zero for those that are not asked for; or the name of a field that there is not. */
  const boosts = (
    fields: ReadonlyArray<string> | undefined,
    boost: Readonly<Record<string, number>>
  ): ReadonlyArray<number> | string => {
    const unknown = fields?.find((name) => !positions.has(name)) ?? firstUnknown(Object.keys(boost))
    if (unknown !== undefined) return unknown
    return known.map((name) => {
      if (fields !== undefined && !fields.includes(name)) return 0
      const given = Object.hasOwn(boost, name) ? boost[name]! : 1
      return given > 0 ? given : 1
    })
  }

  return {
    health: Effect.sync(() => state.health()),
    pressureResponse: (level) => Effect.sync(() => state.respond(level)),
    shedLoad: Effect.sync(() => state.shed()),
    heal: Effect.sync(() => state.heal()),
    shutdown: Effect.sync(() => state.end()),
    metrics: Effect.sync(() => {
      const { level: _level, ready: _ready, ...figures } = state.figures()
      return figures
    }),
    parameters: {
      list: Effect.succeed(parameters.map(({ description, name }) => ({ name, description }))),
      get: (name) =>
        Effect.sync(() => parameters.find((one) => one.name === name)).pipe(
          Effect.map((parameter) => parameter === undefined ? undefined : state.settings[parameter.name])
        ),
      set: (name, value) =>
        Effect.suspend(() => Effect.fromResult(state.set(name, value))).pipe(
          Effect.mapError((message) => new ParameterRefused({ service: "search", parameter: name, message }))
        )
    },
    add: ({ documents }) =>
      Effect.suspend((): Effect.Effect<Added, UnknownField | ReturnType<typeof addError>> => {
        const all: Array<Document> = []
        for (const document of documents) {
          const one = stored(document)
          if (typeof one === "string") return Effect.fail(new UnknownField({ field: one, known }))
          all.push(one)
        }
        return Effect.mapError(Effect.fromResult(state.add(all)), addError)
      }),
    remove: ({ ids }) =>
      Effect.suspend(() => Effect.fromResult(state.remove(ids))).pipe(
        Effect.mapBoth({
          onSuccess: (removed) => ({ removed }),
          onFailure: (level) => new Remove.SearchPaused(paused(level))
        })
      ),
    clear: () =>
      Effect.suspend(() => Effect.fromResult(state.clear())).pipe(
        Effect.mapBoth({
          onSuccess: (removed) => ({ removed }),
          onFailure: (level) => new Clear.SearchPaused(paused(level))
        })
      ),
    query: ({ boost, combine, fields, fuzzy, limit, prefix, query }) =>
      Effect.suspend((): Effect.Effect<Query.SearchQueryResult, QueryError> => {
        const weights = boosts(fields, boost ?? {})
        if (typeof weights === "string") return Effect.fail(new Query.UnknownField({ field: weights, known }))
        const result = state.query({ text: query, limit, all: combine === "and", prefix, fuzzy, boosts: weights })
        if (Result.isFailure(result)) {
          return Effect.fail(
            result.failure._tag === "Paused"
              ? new Query.SearchPaused(paused(result.failure.level))
              : new Query.IndexMissing(missing)
          )
        }
        const { cached, found } = result.success
        const hits = found.documents.map((document, i) => ({ id: state.nameOf(document), score: found.scores[i]! }))
        return Effect.succeed({ hits, total: found.total, cached })
      }),
    stats: () => Effect.sync(() => state.figures()),
    documents: () =>
      Stream.suspend(() =>
        Stream.fromIterable(state.documents()).pipe(
          Stream.map(({ document, queued }) => ({
            id: document.id,
            fields: Object.fromEntries(
              known.flatMap((name, i) => document.texts[i] === "" ? [] : [[name, document.texts[i]!]])
            ),
            queued
          }))
        )
      )
  }
}
