/**
 * How much memory is in use, from what the operating system says.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Layer from "effect/Layer"
import { type GroupFiles, groupsOf, groupUse, machineUse, type MemoryUse, stallOf } from "./internal/memoryFiles.ts"

/**
 * How much memory is in use: of the control group, or the machine, that is nearest to its limit.
 *
 * @category models
 * @since 0.1.0
 */
export interface Reading {
  /** Of the limit, from 0 to about 1. */
  readonly usage: number
  readonly usedBytes: number
  readonly limitBytes: number
  /** Which limit: that of a control group (version 2 or 1), or all memory of the machine. */
  readonly from: "cgroup2" | "cgroup1" | "meminfo" | "other"
  /** The share of the last ten seconds, in percent, in which some work waited for memory; `undefined` where unknown. */
  readonly stall: number | undefined
}

/**
 * How much memory is in use cannot be told.
 *
 * @category errors
 * @since 0.1.0
 */
export class PressureUnreadable extends Data.TaggedError("PressureUnreadable")<{
  readonly file: string
  readonly cause: unknown
}> {
  override get message(): string {
    return `How much memory is in use cannot be read from ${this.file}. Provide a PressureSource of your own on systems without it.`
  }
}

/**
 * Says how much memory is in use.
 *
 * **When to use**
 *
 * Use `layerLinux` on Linux, in a container or not. Provide one of your own for another limit, for example that of a GPU.
 *
 * @category services
 * @since 0.1.0
 */
export class PressureSource extends Context.Service<PressureSource, {
  readonly read: Effect.Effect<Reading, PressureUnreadable>
}>()("opbus/native/PressureSource") {
  /**
   * Reads the files of Linux: control groups of version 2 and 1, `/proc/meminfo`, and pressure-stall information where it
   * is. `root` is where they are looked for; `/` unless a test says otherwise.
   *
   * @since 0.1.0
   */
  static readonly layerLinux = (
    options?: { readonly root?: string }
  ): Layer.Layer<PressureSource, never, FileSystem.FileSystem> =>
    Layer.effect(
      PressureSource,
      Effect.map(FileSystem.FileSystem, (files) => ({
        read: Effect.provideService(readLinux(options), FileSystem.FileSystem, files)
      }))
    )
}

/**
 * Reads once how much memory is in use.
 *
 * **Details**
 *
 * Of all limits that hold for this process, those of its control groups, of the groups around them and of the machine, it is
 * the one with the least room. Pages of files that can be taken back at once do not count as used. The stall is that of the
 * same group where it is known, else that of the machine.
 *
 * @category getters
 * @since 0.1.0
 */
export const readLinux = Effect.fnUntraced(function*(options?: { readonly root?: string }) {
  const files = yield* FileSystem.FileSystem
  const root = (options?.root ?? "/").replace(/\/*$/, "/")
  const read = (path: string) => files.readFileString(root + path)
  const readIfThere = (path: string) => Effect.orElseSucceed(read(path), () => undefined)

  const machine = yield* Effect.flatMap(
    Effect.mapError(read("proc/meminfo"), (cause) => new PressureUnreadable({ file: `${root}proc/meminfo`, cause })),
    (text) => {
      const use = machineUse(text)
      return use === undefined
        ? Effect.fail(new PressureUnreadable({ file: `${root}proc/meminfo`, cause: "MemTotal or MemAvailable" }))
        : Effect.succeed(use)
    }
  )
  let tightest: MemoryUse = machine
  let group: GroupFiles | undefined
  for (const candidate of groupsOf((yield* readIfThere("proc/self/cgroup")) ?? "")) {
    const limit = yield* readIfThere(candidate.limit)
    if (limit === undefined) continue
    const use = groupUse(candidate, {
      limit,
      used: (yield* readIfThere(candidate.used)) ?? "",
      stat: yield* readIfThere(candidate.stat)
    })
    if (use !== undefined && shareOf(use) > shareOf(tightest)) {
      tightest = use
      group = candidate
    }
  }
  const ofGroup = group?.pressure === undefined ? undefined : yield* readIfThere(group.pressure)
  const pressure = ofGroup ?? (yield* readIfThere("proc/pressure/memory"))
  const reading: Reading = {
    usage: shareOf(tightest),
    usedBytes: tightest.usedBytes,
    limitBytes: tightest.limitBytes,
    from: tightest.from,
    stall: pressure === undefined ? undefined : stallOf(pressure)
  }
  return reading
})

const shareOf = ({ limitBytes, usedBytes }: MemoryUse): number => usedBytes / limitBytes
