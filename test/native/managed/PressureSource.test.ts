import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Path from "effect/Path"
import * as PressureSource from "opbus/native/PressureSource"

const meminfo = "MemTotal:       1000000 kB\nMemFree:         100000 kB\nMemAvailable:    600000 kB\nBuffers: 5 kB\n"
const mb = 1024 * 1024

/** Reads a file system that holds these files and no others. */
const reading = (files: Readonly<Record<string, string>>) =>
  Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const root = yield* fs.makeTempDirectoryScoped({ prefix: "opbus-pressure-" })
    for (const [name, text] of Object.entries(files)) {
      const file = path.join(root, name)
      yield* fs.makeDirectory(path.dirname(file), { recursive: true })
      yield* fs.writeFileString(file, text)
    }
    return yield* PressureSource.readLinux({ root })
  }).pipe(Effect.provide(NodeServices.layer))

describe("the pressure source of Linux", () => {
  it.effect("reads the machine when nothing limits the process", () =>
    Effect.gen(function*() {
      const found = yield* reading({ "proc/meminfo": meminfo })
      assert.deepStrictEqual(found, {
        usage: 0.4,
        usedBytes: 400_000 * 1024,
        limitBytes: 1_000_000 * 1024,
        from: "meminfo",
        stall: undefined
      })
    }))

  it.effect("reads a control group of version 2, without the pages that can be taken back, and its own stalls", () =>
    Effect.gen(function*() {
      const group = "sys/fs/cgroup/app.slice/web"
      const found = yield* reading({
        "proc/meminfo": meminfo,
        "proc/self/cgroup": "0::/app.slice/web\n",
        "proc/pressure/memory": "some avg10=1.00 avg60=0.00 avg300=0.00 total=1\n",
        [`${group}/memory.max`]: `${100 * mb}\n`,
        [`${group}/memory.current`]: `${90 * mb}\n`,
        [`${group}/memory.stat`]: `anon ${80 * mb}\ninactive_file ${10 * mb}\nactive_file 3\n`,
        [`${group}/memory.pressure`]: "some avg10=12.34 avg60=0.00 avg300=0.00 total=1\nfull avg10=99.00 avg60=0\n"
      })
      assert.deepStrictEqual(found, {
        usage: 0.8,
        usedBytes: 80 * mb,
        limitBytes: 100 * mb,
        from: "cgroup2",
        stall: 12.34
      })
    }))

  it.effect("takes the group around it when that has less room", () =>
    Effect.gen(function*() {
      const found = yield* reading({
        "proc/meminfo": meminfo,
        "proc/self/cgroup": "0::/app.slice/web\n",
        "sys/fs/cgroup/app.slice/web/memory.max": "max\n",
        "sys/fs/cgroup/app.slice/web/memory.current": `${90 * mb}\n`,
        "sys/fs/cgroup/app.slice/memory.max": `${200 * mb}\n`,
        "sys/fs/cgroup/app.slice/memory.current": `${180 * mb}\n`
      })
      assert.strictEqual(found.usage, 0.9)
      assert.strictEqual(found.limitBytes, 200 * mb)
    }))

  it.effect("reads a control group of version 1, whose number beyond all memory is no limit", () =>
    Effect.gen(function*() {
      const files = {
        "proc/meminfo": meminfo,
        "proc/pressure/memory": "some avg10=5.00 avg60=0.00 avg300=0.00 total=1\nfull avg10=0.00\n",
        "proc/self/cgroup": "9:name=systemd:/\n4:cpu,memory:/docker/abc\n0::/\n"
      }
      // In a container, the group's own files are at the mount point.
      const limited = yield* reading({
        ...files,
        "sys/fs/cgroup/memory/memory.limit_in_bytes": `${64 * mb}\n`,
        "sys/fs/cgroup/memory/memory.usage_in_bytes": `${64 * mb}\n`,
        "sys/fs/cgroup/memory/memory.stat": `cache 1\ninactive_file 1\ntotal_inactive_file ${16 * mb}\n`
      })
      assert.deepStrictEqual([limited.from, limited.usage, limited.stall], ["cgroup1", 0.75, 5])
      const unlimited = yield* reading({
        ...files,
        "sys/fs/cgroup/memory/docker/abc/memory.limit_in_bytes": "9223372036854771712\n",
        "sys/fs/cgroup/memory/docker/abc/memory.usage_in_bytes": `${64 * mb}\n`
      })
      assert.deepStrictEqual([unlimited.from, unlimited.usage], ["meminfo", 0.4])
    }))

  it.effect("is not led astray by files that make no sense", () =>
    Effect.gen(function*() {
      const found = yield* reading({
        "proc/meminfo": meminfo,
        "proc/self/cgroup": "0::/../../etc\nnonsense\n::\n4:memory:/a\n",
        "proc/pressure/memory": "some avg10=NaN\n",
        "sys/etc/memory.max": "5\n",
        "sys/etc/memory.current": "5\n",
        "sys/fs/cgroup/memory.max": "-5\n",
        "sys/fs/cgroup/memory.current": "1e9\n",
        "sys/fs/cgroup/memory/a/memory.limit_in_bytes": "0\n",
        "sys/fs/cgroup/memory/a/memory.usage_in_bytes": "12\n"
      })
      assert.deepStrictEqual([found.from, found.usage, found.stall], ["meminfo", 0.4, undefined])
    }))

  it.effect("fails with a typed error that names the file where there is nothing to read", () =>
    Effect.gen(function*() {
      for (const files of [{ "proc/self/cgroup": "" }, { "proc/meminfo": "MemTotal: many kB\n" }]) {
        const error = yield* Effect.flip(reading(files))
        assert.instanceOf(error, PressureSource.PressureUnreadable)
        assert.match(
          (error as PressureSource.PressureUnreadable).message,
          /cannot be read from .*proc\/meminfo\. Provide/
        )
      }
    }))

  it.effect.skipIf(process.platform !== "linux")("reads this machine", () =>
    Effect.gen(function*() {
      const { read } = yield* PressureSource.PressureSource
      const found = yield* read
      assert.isAbove(found.usage, 0)
      assert.isBelow(found.usage, 1.01)
      assert.isAtLeast(found.usedBytes, process.memoryUsage().rss / 2)
      assert.isAtMost(found.usedBytes, found.limitBytes)
    }).pipe(Effect.provide(PressureSource.PressureSource.layerLinux()), Effect.provide(NodeServices.layer)))
})
