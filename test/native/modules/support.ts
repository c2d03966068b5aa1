import { NodeServices } from "@effect/platform-node"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { fileURLToPath } from "node:url"
import type { ManagedService } from "opbus/native/ManagedService"
import * as ManagedServices from "opbus/native/ManagedServices"
import type { NativeModule } from "opbus/native/NativeModule"
import { PressureSource } from "opbus/native/PressureSource"
import type { ServiceUnavailable } from "opbus/native/ServiceUnavailable"
import type { SidecarProcess } from "opbus/native/SidecarProcess"
import { type SystemEvent, SystemEvents } from "opbus/native/SystemEvents"
import * as NodeNativeModule from "opbus/node/NodeNativeModule"
import * as NodeSidecar from "opbus/node/NodeSidecar"

export const root = fileURLToPath(new URL("../../..", import.meta.url))

/** Where cargo has built the native module; elsewhere the suites run on the implementations in TypeScript alone. */
const hasNative = fs.existsSync(NodeNativeModule.fileOf(root))

export type Kind = "typescript" | "rust" | "sidecar"

export const kinds: ReadonlyArray<Kind> = hasNative ? ["typescript", "rust", "sidecar"] : ["typescript"]

interface Options {
  readonly config?: Schema.Json
}

/** What a generated service class gives. */
interface Layers<I> {
  readonly Service: unknown
  readonly layerTypeScript: (options?: Options) => Layer.Layer<I, ServiceUnavailable>
  readonly layerRust: (options?: Options) => Layer.Layer<I, ServiceUnavailable, NativeModule>
  readonly layerSidecar: (options?: Options) => Layer.Layer<I, ServiceUnavailable, SidecarProcess>
}

const native = NodeNativeModule.layer({ project: root })
const sidecar = NodeSidecar.layer({ project: root })

/** A service as one of its kinds. */
export const layerOf = <I>(
  service: Layers<I>,
  kind: Kind,
  config: Schema.Json = {}
): Layer.Layer<I, ServiceUnavailable> => {
  switch (kind) {
    case "typescript":
      return service.layerTypeScript({ config }).pipe(Layer.provide(NodeServices.layer))
    case "rust":
      return service.layerRust({ config }).pipe(Layer.provide(native))
    case "sidecar":
      return service.layerSidecar({ config }).pipe(Layer.provide(sidecar))
  }
}

/** A running service, for as long as the scope is open. */
export const start = <T extends Layers<any>>(
  service: T,
  kind: Kind,
  config: Schema.Json = {}
): Effect.Effect<T["Service"], ServiceUnavailable, Scope.Scope> =>
  Effect.map(
    Layer.build(layerOf(service, kind, config)),
    (context) => Context.getUnsafe(context, service as any) as any
  )

/** A folder that is gone when the scope closes. */
export const temporaryFolder = Effect.acquireRelease(
  Effect.sync(() => fs.mkdtempSync(path.join(os.tmpdir(), "opbus-modules-"))),
  (folder) => Effect.sync(() => fs.rmSync(folder, { recursive: true, force: true }))
)

/** Files below a folder, by their paths. */
export const writeFiles = (folder: string, files: Readonly<Record<string, string | Uint8Array>>) => {
  for (const [name, content] of Object.entries(files)) {
    fs.mkdirSync(path.dirname(path.join(folder, name)), { recursive: true })
    fs.writeFileSync(path.join(folder, name), content)
  }
}

/** Memory as the files of a recorded machine say it: what is in use, of 1000 MB. */
export const writeMemory = (folder: string, usedMb: number) =>
  writeFiles(folder, {
    "proc/meminfo": `MemTotal:       1024000 kB\nMemFree:  1 kB\nMemAvailable:   ${1024000 - usedMb * 1024} kB\n`
  })

/** Everything that looks after services, on the files of a recorded machine; nothing happens before a test asks for it. */
export const systemOn = (folder: string, options?: ManagedServices.Options) =>
  ManagedServices.layer({
    health: { interval: "1 day", ...options?.health },
    pressure: { interval: "1 day", settle: "0 millis", ...options?.pressure },
    ...(options?.heal === undefined ? {} : { heal: options.heal })
  }).pipe(
    Layer.provideMerge(PressureSource.layerLinux({ root: folder })),
    Layer.provideMerge(NodeServices.layer)
  )

/** The events from now on, in order. */
export const recordEvents = Effect.gen(function*() {
  const { events } = yield* SystemEvents
  const seen: Array<SystemEvent> = []
  yield* Effect.forkScoped(
    Stream.runForEach(events, (event) => Effect.sync(() => void seen.push(event))),
    { startImmediately: true }
  )
  return seen
})

/** What a service of any kind says of its health, as one line. */
export const healthLine = (managed: ManagedService) =>
  Effect.map(managed.health, (health) => health._tag === "Healthy" ? "Healthy" : `${health._tag}: ${health.reason}`)
