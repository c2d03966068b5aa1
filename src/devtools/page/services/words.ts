/**
 * What happened to the services, and what they measure, in plain words.
 */
import type { Services, SystemEvent } from "../../DevtoolsMessages.ts"
import type { Tone } from "../ui/Badge.tsx"
import { formatBytes, formatDuration, plural } from "../ui/format.ts"

/** An event as a line of text, and how grave it is. */
export interface Told {
  readonly text: string
  readonly tone: Tone
}

export const percent = (share: number): string => `${Math.round(share * 100)} %`

export const tellEvent = (event: SystemEvent): Told => {
  switch (event._tag) {
    case "system.service.quarantined":
      return {
        text: `${event.service} did not say within ${
          formatDuration(event.deadlineMillis)
        } how it is. It takes no calls until it answers.`,
        tone: "warn"
      }
    case "system.service.released":
      return { text: `${event.service} answers again, and takes calls.`, tone: "ok" }
    case "system.service.healed":
      return {
        text: event.attempts === 0
          ? `${event.service} recovered by itself.`
          : `${event.service} healed itself, after ${plural(event.attempts, "attempt")}.`,
        tone: "ok"
      }
    case "system.service.heal-failed":
      return {
        text: `${event.service} could not heal itself (attempt ${event.attempt}): ${event.reason}.`,
        tone: "warn"
      }
    case "system.service.escalated":
      return {
        text: `${event.service} gave up healing itself after ${
          plural(event.attempts, "attempt")
        }: ${event.reason}. It takes no calls until somebody reopens it.`,
        tone: "bad"
      }
    case "system.service.reopened":
      return { text: `${event.service} was reopened.`, tone: "accent" }
    case "system.pressure.changed":
      return {
        text: `Memory went from ${event.from} to ${event.to}, at ${percent(event.reading.usage)} of ${
          formatBytes(event.reading.limitBytes)
        }.`,
        tone: toneOfLevel(event.to)
      }
    case "system.pressure.unanswered":
      return {
        text: event.request === "shed"
          ? `${event.service} was asked to shed load, and did not: ${event.reason}.`
          : `${event.service} was told that memory is ${event.request}, and did not answer: ${event.reason}.`,
        tone: "warn"
      }
    case "system.load.shed":
      return {
        text: event.services.length === 0
          ? "Memory stayed critical; there was no service to shed load."
          : `Memory stayed critical: ${event.services.join(", ")} shed load.`,
        tone: "bad"
      }
  }
}

export const toneOfLevel = (level: string): Tone => level === "normal" ? "ok" : level === "critical" ? "bad" : "warn"

type Service = Services["services"][number]

/** How a service is, in a word. */
export const healthWord = ({ closed, health, late }: Service): Told =>
  closed.some(({ reason }) => reason === "Escalated")
    ? { text: "escalated", tone: "bad" }
    : late
    ? { text: "late", tone: "bad" }
    : health._tag === "Healthy"
    ? { text: "healthy", tone: "ok" }
    : health._tag === "Degraded"
    ? { text: "degraded", tone: "warn" }
    : { text: "unhealthy", tone: "bad" }

const kinds: { readonly [K in Service["kind"]]: string } = {
  rust: "Rust, in this process",
  sidecar: "Rust, in a process of its own",
  typescript: "TypeScript"
}

export const kindWord = ({ kind }: Service): string => kinds[kind]

/** A figure with its unit, as far as its name tells it. */
export const figure = (name: string, value: number): string => {
  if (/bytes$/i.test(name) && Math.abs(value) >= 1) return formatBytes(Math.round(value))
  if (/([mM]illis|Ms|_ms)$/.test(name)) return formatDuration(value)
  if (/(share|usage|ratio)$/i.test(name) && value >= 0 && value <= 1) return percent(value)
  return number(value)
}

const numbers = new Intl.NumberFormat(undefined, { maximumSignificantDigits: 4 })
const whole = new Intl.NumberFormat(undefined, { maximumFractionDigits: 0 })

export const number = (value: number): string =>
  !Number.isFinite(value) ? "–" : Number.isInteger(value) ? whole.format(value) : numbers.format(value)

/** `"cache.hitsTotal"` of the service `cache` as a heading: `"hits total"`. */
export const metricName = (service: string, name: string): string =>
  (name.startsWith(`${service}.`) ? name.slice(service.length + 1) : name).replace(/([a-z\d])([A-Z])/g, "$1 $2")
    .replace(/[._/-]+/g, " ").toLowerCase()
