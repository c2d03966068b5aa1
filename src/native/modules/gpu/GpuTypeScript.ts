/**
 * The service `gpu` in TypeScript, which cannot ask a GPU: NVIDIA's library is reached from Rust only. It says whether
 * there is one to ask.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { degraded } from "../../HealthStatus.ts"
import { ServiceUnavailable } from "../../ServiceUnavailable.ts"
import type { GpuImplementation } from "./GpuService.ts"
import { GpuUnavailable } from "./GpuStats.ts"

/** The name under which Rust looks for NVIDIA's library. */
const defaultLibrary = "libnvidia-ml.so.1"

/** The driver's own files are here as long as it is loaded. */
const driver = "/proc/driver/nvidia/version"

const Config = Schema.Struct({ library: Schema.optionalKey(Schema.String) })

/**
 * Makes the service `gpu`.
 *
 * **When to use**
 *
 * `GpuService.layerTypeScript` calls it.
 *
 * **Details**
 *
 * Every question is answered with `GpuUnavailable`. Its reason is the same as in Rust where there is no driver, and says
 * what is missing where there is one.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function*(
  config: Schema.Json
): Effect.fn.Return<GpuImplementation, ServiceUnavailable> {
  const { library } = yield* Effect.mapError(
    Schema.decodeUnknownEffect(Config)(config, { onExcessProperty: "error" }),
    (error) =>
      new ServiceUnavailable({
        service: "gpu",
        reason: "Refused",
        message: `The service "gpu" cannot be made: ${error.message.replace(/\s*\n\s*/g, " ")}`
      })
  )
  const files = yield* Effect.serviceOption(FileSystem.FileSystem)
  let reason = ""
  /** A driver can be loaded, and unloaded, while the service runs. */
  const look = Effect.map(library === undefined ? isThere(files, driver) : Effect.succeed(false), (there) => {
    reason = there
      ? "an NVIDIA driver is there, but only the native module can ask it: install cargo and run `npm run build`"
      : `no NVIDIA driver was found: ${library ?? defaultLibrary} cannot be loaded`
  })
  yield* look
  let reads = 0
  return {
    health: Effect.map(look, () => degraded(reason)),
    // It holds nothing that it could give up.
    pressureResponse: () => Effect.void,
    shedLoad: Effect.void,
    heal: Effect.as(look, true),
    shutdown: Effect.void,
    metrics: Effect.sync(() => ({ reads, totalVramMb: 0, usedVramMb: 0 })),
    metricPrefix: "gpu",
    stats: () =>
      Effect.suspend(() => {
        reads++
        return Effect.fail(new GpuUnavailable({ reason }))
      })
  }
})

const isThere = (files: Option.Option<FileSystem.FileSystem>, path: string): Effect.Effect<boolean> =>
  Option.isNone(files) ? Effect.succeed(false) : Effect.orElseSucceed(files.value.exists(path), () => false)
