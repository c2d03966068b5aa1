import * as Effect from "effect/Effect"
import * as HistoryEntryMessage from "../../protocol/HistoryEntryMessage.ts"
import * as Protocol from "../../protocol/Protocol.ts"
import { type Pair, type Rest, Step } from "./entry.ts"

/**
 * The text of entries and steps in a store: messages of `opbus/protocol`, made without a detour through objects, because
 * a step's snapshots are JSON text already.
 */

const heads = new WeakMap<Pair, string>()

const headOf = (pair: Pair): string => {
  let head = heads.get(pair)
  if (head === undefined) {
    head = JSON.stringify({
      key: pair.key,
      inverse: pair.inverse,
      sync: pair.sync || undefined,
      withOutput: pair.withOutput || undefined,
      remote: pair.remote
    }).slice(0, -1)
    heads.set(pair, head)
  }
  return head
}

/** @internal */
export const encodeStep = (step: Step): string => {
  let text = headOf(step.pair)
  if (step.scopes !== undefined) text += `,"scopes":${JSON.stringify(step.scopes)}`
  // Without them they are the scopes.
  if (step.touches !== undefined) text += `,"touches":${JSON.stringify(step.touches)}`
  if (step.message !== undefined) text += `,"message":${JSON.stringify(step.message)}`
  return `${text},"forward":${step.forward},"backward":${step.backward}}`
}

const version = `{"v":${Protocol.version},`

/** @internal */
export const encodeContent = (steps: ReadonlyArray<Step>, rest: Rest | undefined): string => {
  let text = version
  if (rest !== undefined) {
    const { causedBy, groupId, key, label, savedForRedo, savedForUndo } = rest
    const more = JSON.stringify({ key, label, groupId, causedBy, savedForUndo, savedForRedo })
    if (more !== "{}") text += `${more.slice(1, -1)},`
  }
  return `${text}"steps":[${steps.map(encodeStep).join(",")}]}`
}

/** @internal */
export interface Decoded {
  readonly steps: Array<Step>
  readonly rest: Rest | undefined
}

const read = Protocol.parse("stored history entry", HistoryEntryMessage.readStored)

/**
 * Reads what a store kept. Fails with one line when it is of another version, or damaged.
 *
 * @internal
 */
export const decodeContent = (
  content: string,
  pairOf: (step: HistoryEntryMessage.StoredStep) => Pair
): Effect.Effect<Decoded, Protocol.Unreadable> => {
  const quick = quickly(content)
  if (quick !== undefined) return Effect.succeed(decode(quick, pairOf))
  return Effect.map(read(content), (stored) => decode(stored, pairOf))
}

const decode = (
  { causedBy, groupId, key, label, savedForRedo, savedForUndo, steps }: HistoryEntryMessage.StoredEntry,
  pairOf: (step: HistoryEntryMessage.StoredStep) => Pair
): Decoded => ({
  steps: steps.map((step) => decodeStep(step, pairOf)),
  rest: key === undefined && label === undefined && groupId === undefined && causedBy === undefined &&
      savedForUndo === undefined && savedForRedo === undefined
    ? undefined
    : { key, label, groupId, causedBy, savedForUndo, savedForRedo }
})

/** A start reads a hundred thousand of them: what plainly is one needs no schema. The schema tells what else is wrong. */
const quickly = (content: string): HistoryEntryMessage.StoredEntry | undefined => {
  let stored: HistoryEntryMessage.StoredEntry
  try {
    stored = JSON.parse(content) as HistoryEntryMessage.StoredEntry
  } catch {
    return undefined
  }
  return typeof stored === "object" && stored !== null && stored.v === Protocol.version &&
      Array.isArray(stored.steps) && stored.steps.every(isStep) && isText(stored.key) && isText(stored.label) &&
      isText(stored.groupId) && isText(stored.causedBy) && isText(stored.savedForUndo) && isText(stored.savedForRedo)
    ? stored
    : undefined
}

const isStep = (step: HistoryEntryMessage.StoredStep | null): boolean =>
  typeof step === "object" && step !== null && typeof step.key === "string" && typeof step.inverse === "string" &&
  isFlag(step.sync) && isFlag(step.withOutput) && isFlag(step.remote) && isNames(step.scopes) &&
  isNames(step.touches) &&
  isText(step.message) && step.forward !== undefined && step.backward !== undefined

const isText = (value: unknown): boolean => value === undefined || typeof value === "string"
const isFlag = (value: unknown): boolean => value === undefined || typeof value === "boolean"
const isNames = (value: unknown): boolean =>
  isText(value) || (Array.isArray(value) && value.every((name) => typeof name === "string"))

/** @internal */
export const decodeStepText = (
  content: string,
  pairOf: (step: HistoryEntryMessage.StoredStep) => Pair
): Effect.Effect<Step, Protocol.Unreadable> =>
  Effect.map(read(`${version}"steps":[${content}]}`), ({ steps }) => decodeStep(steps[0]!, pairOf))

const decodeStep = (
  step: HistoryEntryMessage.StoredStep,
  pairOf: (step: HistoryEntryMessage.StoredStep) => Pair
): Step =>
  new Step(
    pairOf(step),
    JSON.stringify(step.forward),
    JSON.stringify(step.backward),
    0,
    step.scopes,
    step.touches,
    step.message
  )
