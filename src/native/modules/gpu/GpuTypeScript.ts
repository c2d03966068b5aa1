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
        reason: "NotLoaded",
        message: `The service "gpu" cannot be made: ${error.message.replace(/\s*\n\s*/g, " ")}`
      })
  )
  const hasDriver = library === undefined && (yield* isThere(driver))
  const reason = hasDriver
    ? "an NVIDIA driver is there, but only the native module can ask it: install cargo and run `npm run build`"
    : `no NVIDIA driver was found: ${library ?? defaultLibrary} cannot be loaded`
  let reads = 0
  return {
    health: Effect.succeed(degraded(reason)),
    // It holds nothing that it could give up, and there is nothing to heal.
    pressureResponse: () => Effect.void,
    shedLoad: Effect.void,
    heal: Effect.succeed(true),
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

const isThere = (path: string): Effect.Effect<boolean> =>
  Effect.flatMap(
    Effect.serviceOption(FileSystem.FileSystem),
    (files) =>
      Option.isNone(files) ? Effect.succeed(false) : Effect.orElseSucceed(files.value.exists(path), () => false)
  )
