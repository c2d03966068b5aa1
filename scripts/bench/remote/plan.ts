import type { Case, Comparison, Figure, Plan } from "../harness/suite.ts"
import type { Caller } from "./load.ts"
import { cpuOfThis, ServerProcess } from "./processes.ts"
import { type HttpSubject, kindOf, type ServerKind, type SocketSubject } from "./subjects.ts"

/** What a call runs through on both sides is compiled by then. */
const warmUpCalls = 3_000

/** Calls to servers in processes of their own, so many at a time. */
export const remotePlan = async <S extends HttpSubject | SocketSubject>(
  callers: { readonly [N in S]: (port: number) => Caller | Promise<Caller> },
  inFlight: number,
  comparisons: ReadonlyArray<Comparison>
): Promise<Plan> => {
  const subjects = Object.keys(callers) as Array<S>
  const servers = new Map<ServerKind, ServerProcess>()
  for (const kind of new Set(subjects.map(kindOf))) servers.set(kind, await ServerProcess.start(kind))
  const seen = new Map(subjects.map((subject) => [subject, new Seen()]))
  const cases: Array<Case> = []
  for (const subject of subjects) {
    const server = servers.get(kindOf(subject))!
    const call = await callers[subject](server.port)
    const { latencies } = seen.get(subject)!
    await call(warmUpCalls, inFlight, latencies)
    cases.push({
      name: subject,
      bytes: false,
      run: async (count) => {
        const started = performance.now()
        await call(count, inFlight, latencies)
        seen.get(subject)!.millis += performance.now() - started
      },
      cpu: async () => cpuOfThis() + await server.cpu()
    })
  }
  return {
    cases,
    comparisons,
    warm: () => seen.forEach((one) => one.forget()),
    figures: () => Promise.resolve(subjects.flatMap((subject) => seen.get(subject)!.figures(subject)))
  }
}

/** What the rounds have shown of one subject. */
class Seen {
  readonly latencies: Array<number> = []
  millis = 0

  forget(): void {
    this.latencies.length = 0
    this.millis = 0
  }

  figures(subject: string): ReadonlyArray<Figure> {
    const sorted = this.latencies.toSorted((a, b) => a - b)
    const at = (share: number) => sorted[Math.floor((sorted.length - 1) * share)]! * 1e6
    return [
      { label: `${subject}: calls`, value: sorted.length / this.millis * 1e3, unit: "per second" },
      { label: `${subject}: p50`, value: at(0.5), unit: "ns" },
      { label: `${subject}: p99`, value: at(0.99), unit: "ns" }
    ]
  }
}
