/** Four managed services, and the kernel's files that say how full memory is. */
import { Effect, Layer, Schedule } from "effect"
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as HealthStatus from "opbus/native/HealthStatus"
import * as ManagedServices from "opbus/native/ManagedServices"
import { PressureSource } from "opbus/native/PressureSource"
import * as ServiceDefinition from "opbus/native/ServiceDefinition"
import * as TypeScriptService from "opbus/native/TypeScriptService"

const gigabyte = 1024 * 1024 * 1024

/** A folder with what Linux says of a control group. */
const kernelFiles = async () => {
  const root = await mkdtemp(join(tmpdir(), "opbus-kernel-"))
  const group = join(root, "sys/fs/cgroup/app.slice")
  const write = (file: string, text: string) => writeFile(join(root, file), text)
  await mkdir(group, { recursive: true })
  await mkdir(join(root, "proc/self"), { recursive: true })
  await write("proc/meminfo", "MemTotal: 16000000 kB\nMemFree: 12000000 kB\nMemAvailable: 14000000 kB\n")
  await write("proc/self/cgroup", "0::/app.slice\n")
  await write("sys/fs/cgroup/app.slice/memory.max", `${gigabyte}\n`)
  const fill = (share: number) => write("sys/fs/cgroup/app.slice/memory.current", `${Math.round(share * gigabyte)}\n`)
  await fill(0.4)
  return { root, fill, remove: () => rm(root, { recursive: true, force: true }) }
}

export const makeMachine = async () => {
  const files = await kernelFiles()
  const state = {
    entries: 10,
    /** The mailer cannot send, and heals when it is asked to. */
    mailerBroken: false,
    /** The printer is broken, and cannot heal itself. */
    printerBroken: false
  }
  const service = (
    name: string,
    health: () => HealthStatus.HealthStatus,
    more: { readonly heal?: () => boolean; readonly metrics?: () => Record<string, number> } = {}
  ) =>
    Layer.effectDiscard(TypeScriptService.make(
      ServiceDefinition.make({
        name,
        specHash: "none",
        traits: more.metrics === undefined ? ["ManagedService"] : ["ManagedService", "MetricsEmitter"],
        commands: {}
      }),
      () =>
        Effect.succeed({
          health: Effect.sync(health),
          pressureResponse: () => Effect.void,
          shedLoad: Effect.void,
          heal: Effect.sync(() => more.heal?.() ?? true),
          shutdown: Effect.void,
          ...(more.metrics === undefined ? {} : { metrics: Effect.sync(more.metrics) })
        })
    ))
  const services = Layer.mergeAll(
    service("cache", () => HealthStatus.healthy, {
      metrics: () => ({ entries: state.entries, usedBytes: state.entries * 1500, hitShare: 0.914 })
    }),
    service("index", () => HealthStatus.degraded("the index is being rebuilt"), {
      metrics: () => ({ documents: 1204 })
    }),
    service(
      "mailer",
      () => state.mailerBroken ? HealthStatus.unhealthy("the connection was lost") : HealthStatus.healthy,
      {
        heal: () => {
          state.mailerBroken = false
          return true
        }
      }
    ),
    service("printer", () => state.printerBroken ? HealthStatus.unhealthy("out of paper") : HealthStatus.healthy, {
      heal: () => false
    })
  )
  return {
    state,
    files,
    layer: services.pipe(
      Layer.provideMerge(ManagedServices.layer({
        health: { interval: "200 millis" },
        pressure: { interval: "100 millis", settle: "20 millis" },
        heal: { attempts: 2, backoff: Schedule.spaced("50 millis") }
      })),
      Layer.provideMerge(PressureSource.layerLinux({ root: files.root }))
    )
  }
}
