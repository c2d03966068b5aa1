import type { InvocationMessage } from "../../../protocol/InvocationMessage.ts"
import * as Protocol from "../../../protocol/Protocol.ts"

const tags: ReadonlySet<unknown> = new Set(["Started", "Progress", "Succeeded", "Failed", "Interrupted"])

const origins: ReadonlySet<unknown> = new Set(["user", "undo", "redo", "remote", "followup", "trigger", "agent"])

const isText = (u: unknown): u is string => typeof u === "string" && u.length <= 2_000

const isOptionalText = (u: unknown): boolean => u === undefined || isText(u)

const isOptionalNumber = (u: unknown): boolean => u === undefined || typeof u === "number"

const isReason = (u: unknown): boolean =>
  typeof u === "object" && u !== null && typeof Reflect.get(u, "_tag") === "string"

/**
 * An invocation message if it has the shape of one: the fields that the page computes with have their types.
 *
 * What is shown of the rest is shown as text, whatever it is, and the messages come from the page's own server. Reading
 * them with their schema costs about forty times as much, and they come by the thousand.
 */
export const asMessage = (u: unknown): InvocationMessage | undefined => {
  if (typeof u !== "object" || u === null) return undefined
  const it = u as Record<string, unknown>
  const fits = it["v"] === Protocol.version && tags.has(it["_tag"]) &&
    isText(it["id"]) && isText(it["key"]) && isText(it["rootId"]) && isText(it["epoch"]) &&
    typeof it["sequence"] === "number" && typeof it["startedAt"] === "number" && origins.has(it["origin"]) &&
    isOptionalText(it["parentId"]) && isOptionalText(it["groupId"]) && isOptionalText(it["causedBy"]) &&
    isOptionalText(it["actor"]) && isOptionalNumber(it["durationMillis"]) &&
    (it["_tag"] !== "Failed" || (Array.isArray(it["cause"]) && it["cause"].every(isReason)))
  return fits ? u as InvocationMessage : undefined
}
