import { assert, describe, it } from "@effect/vitest"
import type { Services } from "opbus/devtools/DevtoolsMessages"
import { areaPath, linePath, stepPath } from "../../../src/devtools/page/services/path.ts"
import { nearest, type Point, segmentsOf, thin } from "../../../src/devtools/page/services/points.ts"
import { Ring } from "../../../src/devtools/page/services/ring.ts"
import { linear, niceStep, timeLabel, timeTicks, valueAxis } from "../../../src/devtools/page/services/scale.ts"
import {
  capacity,
  gapMillis,
  healthOf,
  levelOf,
  metricOf,
  seriesOf,
  Snapshots,
  usageOf
} from "../../../src/devtools/page/services/snapshots.ts"
import { figure, metricName, tellEvent } from "../../../src/devtools/page/services/words.ts"

const points = (values: ReadonlyArray<number | undefined>, step = 1000) =>
  values.map((value, index) => ({ at: index * step, value }))

describe("a ring", () => {
  it("keeps the newest, oldest first, however many come", () => {
    for (const count of [0, 1, 2, 3, 4, 7, 300]) {
      const ring = new Ring<number>(3)
      for (let i = 1; i <= count; i++) ring.push(i)
      const all = Array.from({ length: count }, (_, index) => index + 1)
      assert.deepStrictEqual(ring.toArray(), all.slice(-3), `${count}`)
      assert.strictEqual(ring.last, all.at(-1))
    }
  })
})

describe("points", () => {
  it("have a hole where a figure is missing, or where nobody was connected", () => {
    const segments = segmentsOf([
      ...points([1, 2, undefined, 3, Number.NaN, 4]),
      { at: 5_000 + gapMillis, value: 5 },
      { at: 5_000 + 2 * gapMillis + 1, value: 6 }
    ], gapMillis)
    assert.deepStrictEqual(segments.map((segment) => segment.map(({ value }) => value)), [[1, 2], [3], [4, 5], [6]])
  })

  it("are thinned out without losing a peak, the ends or their order: 50 random series", () => {
    let seed = 7
    const next = () => (seed = (seed * 1664525 + 1013904223) >>> 0) / 2 ** 32
    for (let round = 0; round < 50; round++) {
      const series: ReadonlyArray<Point> = Array.from({ length: 600 }, (_, index) => ({
        at: index * 1000,
        value: next() < 0.01 ? 1e6 * next() : next()
      }))
      const thinned = thin(series, 120)
      assert.isAtMost(thinned.length, 124)
      assert.deepStrictEqual([thinned[0], thinned.at(-1)], [series[0], series.at(-1)])
      const values = (all: ReadonlyArray<Point>) => all.map(({ value }) => value)
      assert.strictEqual(Math.max(...values(thinned)), Math.max(...values(series)))
      assert.strictEqual(Math.min(...values(thinned)), Math.min(...values(series)))
      for (let i = 1; i < thinned.length; i++) assert.isAbove(thinned[i]!.at, thinned[i - 1]!.at)
      assert.isTrue(thinned.every((point) => series.includes(point)))
    }
    const few = points([1, 2, 3]) as ReadonlyArray<Point>
    assert.strictEqual(thin(few, 120), few)
    const atOnce: ReadonlyArray<Point> = Array.from({ length: 500 }, (_, value) => ({ at: 5, value }))
    assert.isAtMost(thin(atOnce, 120).length, 124)
  })

  it("are found by time", () => {
    const three = points([10, 20, 30]) as ReadonlyArray<Point>
    assert.deepStrictEqual([-5, 400, 600, 1e9].map((at) => nearest(three, at)?.value), [10, 10, 20, 30])
    assert.isUndefined(nearest([], 1))
  })
})

describe("axes", () => {
  it("go from 0 to a round number that holds every value, in few steps", () => {
    assert.deepStrictEqual(valueAxis([3, 7, 12]), { min: 0, max: 15, ticks: [0, 5, 10, 15] })
    assert.deepStrictEqual(valueAxis([0.07, 0.23]), { min: 0, max: 0.3, ticks: [0, 0.1, 0.2, 0.3] })
    assert.deepStrictEqual(valueAxis([-4, 5]), { min: -5, max: 5, ticks: [-5, 0, 5] })
    assert.deepStrictEqual(valueAxis([]), { min: 0, max: 1, ticks: [0, 0.5, 1] })
    for (const high of [1e-9, 0.3, 1, 99, 100, 101, 123_456, 9.87e15]) {
      const { max, ticks } = valueAxis([high])
      assert.isAtLeast(max, high * (1 - 1e-9))
      assert.isAtMost(max, high * 2.5)
      assert.isAtMost(ticks.length, 6)
      assert.strictEqual(ticks[0], 0)
    }
  })

  it("have steps of 1, 2 or 5", () => {
    assert.deepStrictEqual([0.11, 0.2, 3, 7, 1000, 1001].map(niceStep), [0.2, 0.2, 5, 10, 1000, 2000])
    for (const odd of [0, -1, Number.NaN, Infinity]) assert.strictEqual(niceStep(odd), 1)
  })

  it("name times before now", () => {
    assert.deepStrictEqual(timeTicks(60_000, 4).map(timeLabel), ["−1 min", "−45 s", "−30 s", "−15 s", "now"].slice(0))
    assert.deepStrictEqual(timeTicks(600_000, 5).map(timeLabel), [
      "−10 min",
      "−8 min",
      "−6 min",
      "−4 min",
      "−2 min",
      "now"
    ])
    assert.deepStrictEqual(timeTicks(300_000, 2).map(timeLabel), ["−5 min", "now"])
  })

  it("map values to pixels, also where all are the same", () => {
    const x = linear([0, 10], [100, 200])
    assert.deepStrictEqual([0, 5, 10].map(x), [100, 150, 200])
    assert.strictEqual(linear([3, 3], [100, 200])(3), 100)
  })
})

describe("paths", () => {
  const same = (value: number) => value
  const segments = [[{ at: 0, value: 1 }, { at: 1.23456, value: 2 }], [{ at: 5, value: 3 }]]

  it("are broken between segments; a point alone is a dot", () => {
    assert.strictEqual(linePath(segments, same, same), "M0,1L1.23,2M5,3h0.01")
    assert.strictEqual(stepPath(segments, same, same), "M0,1H1.23V2M5,3h0.01")
    assert.strictEqual(linePath([], same, same), "")
  })

  it("enclose what lies between line and base", () => {
    assert.strictEqual(areaPath(segments, same, same, 9), "M0,9L0,1L1.23,2L1.23,9Z")
  })
})

const service = (name: string, metrics: Record<string, number> = {}): Services["services"][number] => ({
  service: name,
  kind: "typescript",
  health: { _tag: "Healthy" },
  late: false,
  closed: [],
  metrics,
  parameters: []
})

const at = (at: number, more: Partial<Services> = {}): Services => ({
  enabled: true,
  services: [],
  pressure: null,
  at,
  events: [],
  ...more
})

describe("snapshots", () => {
  it("are kept for ten minutes, at one a second", () => {
    const snapshots = new Snapshots()
    let told = 0
    const stop = snapshots.subscribe(() => void told++)
    for (let i = 0; i < capacity + 50; i++) snapshots.push(at(i * 1000))
    const { snapshots: kept } = snapshots.get()
    assert.strictEqual(kept.length, 600)
    assert.deepStrictEqual([kept[0]!.at, kept.at(-1)!.at], [50_000, 649_000])
    assert.strictEqual(told, 650)
    stop()
    snapshots.push(at(1e9))
    assert.strictEqual(told, 650)
  })

  it("that a reconnection repeats count once", () => {
    const snapshots = new Snapshots()
    snapshots.push(at(1))
    snapshots.push(at(1))
    assert.strictEqual(snapshots.get().snapshots.length, 1)
  })

  it("tell two services of one name apart, and know what a service did not measure", () => {
    const snapshots = new Snapshots()
    snapshots.push(at(1, { services: [service("cache", { size: 1 }), service("cache", { size: 2 })] }))
    snapshots.push(at(2, {
      services: [service("cache", { other: 5 })],
      pressure: { level: "high", usage: 0.9, from: "cgroup2" }
    }))
    const { snapshots: kept } = snapshots.get()
    const values = (pick: Parameters<typeof seriesOf>[1]) => seriesOf(kept, pick).map(({ value }) => value)
    assert.deepStrictEqual(values(metricOf("cache", "size")), [1, undefined])
    assert.deepStrictEqual(values(metricOf("cache (2)", "size")), [2, undefined])
    assert.deepStrictEqual(values(metricOf("cache", "constructor")), [undefined, undefined])
    assert.deepStrictEqual(values(healthOf("cache (2)")), [2, undefined])
    assert.deepStrictEqual(values(levelOf), [undefined, 2])
    assert.deepStrictEqual(values(usageOf), [undefined, 0.9])
  })

  it("carry every event, of which the newest 200 are kept", () => {
    const snapshots = new Snapshots()
    for (let i = 0; i < 300; i++) {
      snapshots.push(at(i, { events: [{ _tag: "system.service.reopened", at: i, service: "a" }] }))
    }
    const { events } = snapshots.get()
    assert.strictEqual(events.length, 200)
    assert.deepStrictEqual([events[0]!.at, events.at(-1)!.at], [100, 299])
  })
})

describe("words", () => {
  it("every event is a sentence", () => {
    const reading = { usage: 0.961, usedBytes: 961, limitBytes: 1_000, from: "cgroup2", stall: null }
    const told = ([
      { _tag: "system.service.quarantined", at: 1, service: "gpu", deadlineMillis: 1000 },
      { _tag: "system.service.healed", at: 1, service: "gpu", attempts: 1 },
      { _tag: "system.service.healed", at: 1, service: "gpu", attempts: 0 },
      { _tag: "system.service.escalated", at: 1, service: "gpu", attempts: 5, reason: "no device" },
      { _tag: "system.pressure.changed", at: 1, from: "high", to: "critical", reading },
      { _tag: "system.load.shed", at: 1, services: ["gpu", "orm"], reading }
    ] as const).map((event) => tellEvent(event).text)
    assert.deepStrictEqual(told, [
      "gpu did not say within 1 s how it is. It takes no calls until it answers.",
      "gpu healed itself, after 1 attempt.",
      "gpu recovered by itself.",
      "gpu gave up healing itself after 5 attempts: no device. It takes no calls until somebody reopens it.",
      "Memory went from high to critical, at 96 % of 1 KB.",
      "Memory stayed critical: gpu, orm shed load."
    ])
  })

  it("a figure has the unit that its name tells", () => {
    assert.deepStrictEqual([
      figure("cache.usedBytes", 2_500_000),
      figure("query.p95Millis", 12.4),
      figure("hitShare", 0.914),
      figure("entries", 12345),
      figure("load", 0.123456),
      figure("hitShare", 7)
    ], ["2.5 MB", "12 ms", "91 %", "12,345", "0.1235", "7"])
    assert.strictEqual(metricName("cache", "cache.hitsTotal_5m"), "hits total 5m")
    assert.strictEqual(metricName("gpu", "cache.hits"), "cache hits")
  })
})
