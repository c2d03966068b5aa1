import * as Effect from "effect/Effect"
import type { UndoRegistry } from "../../history/UndoRegistry.ts"
import type * as Operation from "../../operation/Operation.ts"
import { toJson } from "../../operation/OperationJson.ts"
import type { OperationRegistry } from "../../operation/OperationRegistry.ts"
import type { Catalogue, CatalogueEntry } from "../DevtoolsMessages.ts"
import { live } from "./live.ts"
import { oneLine } from "./text.ts"

/**
 * What the catalogue is made of.
 *
 * @internal
 */
export interface CatalogueSources {
  readonly app: Catalogue["app"]
  readonly registry: OperationRegistry["Service"]
  readonly mappings: UndoRegistry["Service"] | undefined
  readonly exposed: ReadonlySet<string>
  /** Those whose definitions are known although nobody handles them. */
  readonly definitions: ReadonlyArray<Operation.Any>
}

/**
 * The operations of an application, with and without handlers.
 *
 * @internal
 */
export const catalogue = (sources: CatalogueSources) =>
  live({ read: read(sources), changes: [sources.registry.changes], poll: "2 seconds" })

const read = ({ app, definitions, exposed, mappings, registry }: CatalogueSources): Effect.Effect<Catalogue> =>
  Effect.gen(function*() {
    const known = new Map<string, Operation.Any>(definitions.map((operation) => [operation.key, operation]))
    for (const operation of mappings === undefined ? [] : yield* mappings.list) {
      known.set(operation.key, operation)
      const inverse = mappings?.lookup(operation.key)?.inverse
      if (inverse !== undefined && !known.has(inverse.key)) known.set(inverse.key, inverse)
    }
    for (const operation of yield* registry.list) known.set(operation.key, operation)
    const operations = Array.from(known.values(), (operation): CatalogueEntry => {
      const mapping = mappings?.lookup(operation.key)
      return {
        ...describe(operation),
        exposed: exposed.has(operation.key),
        handled: registry.lookup(operation.key) !== undefined,
        undoable: mapping !== undefined,
        ...(mapping === undefined ? {} : { inverse: mapping.inverse.key })
      }
    })
    return { app, operations: operations.sort((a, b) => a.json.key < b.json.key ? -1 : 1) }
  })

type Described = Pick<CatalogueEntry, "json" | "problem">

const described = new WeakMap<Operation.Any, Described>()

/** A definition never changes. */
const describe = (operation: Operation.Any): Described => {
  let found = described.get(operation)
  if (found === undefined) described.set(operation, found = make(operation))
  return found
}

const make = (operation: Operation.Any): Described => {
  try {
    return { json: toJson(operation) }
  } catch (error) {
    const { label } = operation.meta
    return {
      json: {
        v: 1,
        key: operation.key,
        ...(label === undefined ? {} : { label }),
        version: operation.meta.version ?? 1,
        executionMode: operation.executionMode,
        stream: operation.stream,
        concurrency: "unbounded",
        input: {},
        output: {},
        error: {},
        progress: {},
        annotations: {}
      },
      problem: oneLine((error as Error).message)
    }
  }
}
