/**
 * What the page knows, as one document.
 */
import type { InvocationMessage } from "../../../protocol/InvocationMessage.ts"
import { make, type SessionExport } from "../../../protocol/SessionExport.ts"
import type { Catalogue, History } from "../../DevtoolsMessages.ts"
import type { SnapshotsView } from "../services/snapshots.ts"

/** What goes into a session. */
export interface Parts {
  readonly now: number
  readonly catalogue: Catalogue
  /** Absent when it could not be read. */
  readonly history: History | undefined
  readonly invocations: ReadonlyArray<InvocationMessage>
  readonly dropped: number
  readonly services: SnapshotsView
}

const sessionOf = ({ catalogue, dropped, history, invocations, now, services }: Parts): SessionExport =>
  make({
    exportedAt: now,
    app: catalogue.app,
    dropped,
    invocations,
    ...(history === undefined || !history.enabled ? {} : {
      history: { total: history.total, entries: history.entries, problems: history.problems }
    }),
    operations: catalogue.operations.map(({ exposed, handled, inverse, json, undoable }) => ({
      json: { ...json },
      exposed,
      handled,
      undoable,
      ...(inverse === undefined ? {} : { inverse })
    })),
    ...(services.snapshots.length === 0 ? {} : {
      services: {
        samples: services.snapshots.map(({ at, pressure, services }) => ({
          at,
          level: pressure?.level ?? null,
          usage: pressure?.usage ?? null,
          // No parameters: nobody said that their values may leave.
          services: Array.from(services.values(), ({ closed, health, kind, metrics, service }) => ({
            service,
            kind,
            health: health._tag,
            closed: closed.map(({ reason }) => reason),
            metrics
          }))
        })),
        events: services.events
      }
    })
  })

/** `"opbus-session-notes-2026-11-21T18-42-00.json"`. */
export const fileNameOf = (title: string, now: number): string => {
  const name = title.toLowerCase().normalize("NFKD").replace(/[^a-z0-9]+/g, "-").replace(/^-+|-+$/g, "").slice(0, 40)
  const time = new Date(now).toISOString().slice(0, 19).replaceAll(":", "-")
  return `opbus-session-${name === "" ? "" : `${name}-`}${time}.json`
}

/** What fits into a file that can be read again: as many characters as its reader takes, and some room. */
const most = 200 * 1024 * 1024

/** A session as the text of a file, and what is in it. */
export interface SessionFile {
  readonly text: string
  readonly events: number
  readonly dropped: number
}

/**
 * Writes a session: one line for each event, so that it can be read and compared. When it is too long, the oldest events
 * are left out and counted as dropped.
 */
export const fileOf = (parts: Parts, limit: number = most): SessionFile => {
  const { invocations, ...session } = sessionOf(parts)
  const lines: Array<string> = []
  let length = 0
  for (let i = invocations.length - 1; i >= 0; i--) {
    const line = `    ${JSON.stringify(invocations[i])}`
    length += line.length
    if (length > limit) break
    lines.push(line)
  }
  const dropped = session.dropped + invocations.length - lines.length
  const rest = JSON.stringify({ ...session, dropped }, undefined, 2).slice(0, -2)
  const events = lines.length === 0 ? "" : `\n${lines.reverse().join(",\n")}\n  `
  return { text: `${rest},\n  "invocations": [${events}]\n}\n`, events: lines.length, dropped }
}
