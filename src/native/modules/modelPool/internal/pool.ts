/**
 * The pool in TypeScript: models within a budget, under pressure, and back from their source.
 *
 * **Invariants**
 *
 * - `used` counts the bytes of every model from before its memory is asked for until it has been given back.
 * - One model is loaded at a time: two loads never both see the room that is enough for one.
 * - A model that is active is unloaded by name only.
 *
 * `native/core/src/modules/model_pool/pool.rs` behaves the same in every detail that a caller can see.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type * as FileSystem from "effect/FileSystem"
import * as Semaphore from "effect/Semaphore"
import { degraded, type HealthStatus, healthy, unhealthy } from "../../../HealthStatus.ts"
import { type PressureLevel, rank } from "../../../PressureLevel.ts"
import * as Content from "./content.ts"
import { after, checksumNow, compareText, isIdleAdapter, type Model, release } from "./model.ts"
import { explain, type InferRefusal, type LoadRefusal } from "./refusal.ts"
import * as Source from "./source.ts"

/** What a load came to. */
export interface Loaded {
  readonly model: Model
  readonly unloaded: ReadonlyArray<string>
  readonly loaded: boolean
}

/** What a pool is made with. */
export interface Settings {
  readonly budget: number
  readonly folder: string | undefined
  /** What has to be in memory for the pool to be healthy. */
  readonly required: ReadonlyArray<readonly [id: string, source: Source.Source]>
  /** How many blocks are compared with their checksums whenever the pool is asked how it is. */
  readonly verifyBlocks: number
}

/** How much is made or compared between two moments in which others may run. */
const STRIDE = 4

/** A pool of models. */
export class Pool {
  readonly counters = { loads: 0, refusals: 0, unloads: 0, restored: 0 }
  level: PressureLevel = "normal"
  used = 0
  budget: number
  verifyBlocks: number
  private readonly settings: Settings
  private readonly files: FileSystem.FileSystem
  private readonly turn = Semaphore.makeUnsafe(1)
  private readonly byId = new Map<string, Model>()
  /** Models that were found to differ from their checksums. */
  private readonly damaged = new Set<string>()
  private clock = 0
  /** The block that was compared last. */
  private cursor: readonly [id: string, block: number] = ["", 0]

  constructor(settings: Settings, files: FileSystem.FileSystem) {
    this.settings = settings
    this.files = files
    this.budget = settings.budget
    this.verifyBlocks = settings.verifyBlocks
  }

  load(
    id: string,
    source: Source.Source,
    kind: Model["kind"],
    makeRoom: boolean
  ): Effect.Effect<Loaded, LoadRefusal> {
    return Semaphore.withPermit(this.turn, this.loadInTurn(id, source, kind, makeRoom, true)).pipe(
      Effect.tapError((refusal) =>
        Effect.sync(() => {
          if (refusal._tag === "Budget" || refusal._tag === "Pressure") this.counters.refusals++
        })
      )
    )
  }

  /** `heedsPressure` is false for what the pool restores by itself when it is asked to heal. */
  private loadInTurn(
    id: string,
    source: Source.Source,
    kind: Model["kind"],
    makeRoom: boolean,
    heedsPressure: boolean
  ): Effect.Effect<Loaded, LoadRefusal> {
    return Effect.scoped(Effect.gen({ self: this }, function*() {
      const present = this.byId.get(id)
      if (present !== undefined) {
        if (!Source.same(present.source, source)) return yield* Effect.fail<LoadRefusal>({ _tag: "Conflict" })
        this.touch(present)
        return { model: present, unloaded: [], loaded: false }
      }
      if (heedsPressure && rank(this.level) >= rank("warning")) {
        return yield* Effect.fail<LoadRefusal>({ _tag: "Pressure", level: this.level })
      }
      const reader = yield* Effect.mapError(Source.open(source, this.settings.folder, this.files), unreadable)
      const unloaded = makeRoom ? this.makeRoom(reader.bytes) : []
      const model = yield* this.materialise({ id, kind, source }, reader, heedsPressure)
      return { model, unloaded, loaded: true }
    }))
  }

  /** Counts the bytes, fills them, and puts the model in; whatever goes wrong, they are given back. */
  private materialise(
    model: Pick<Model, "id" | "kind" | "source">,
    reader: Source.Reader,
    heedsPressure: boolean
  ): Effect.Effect<Model, LoadRefusal> {
    const size = reader.bytes
    return Effect.uninterruptibleMask((restore) =>
      Effect.gen({ self: this }, function*() {
        const available = Math.max(0, this.budget - this.used)
        if (size > available) {
          return yield* Effect.fail<LoadRefusal>({ _tag: "Budget", requested: size, available, budget: this.budget })
        }
        this.used += size
        const buffer = yield* Effect.try({
          // A whole number of words, which is what bytes are made and compared in.
          try: () => new ArrayBuffer(Math.ceil(size / 4) * 4),
          catch: (): LoadRefusal => ({ _tag: "Unreadable", reason: "no-memory" })
        }).pipe(Effect.onError(() => Effect.sync(() => this.used -= size)))
        const bytes = new Uint8Array(buffer, 0, size)
        return yield* restore(fill(reader, bytes)).pipe(
          Effect.mapError(unreadable),
          Effect.flatMap((blocks) => {
            // What began when memory was plenty does not stay when it has become short meanwhile.
            if (heedsPressure && rank(this.level) >= rank("high")) {
              return Effect.fail<LoadRefusal>({ _tag: "Pressure", level: this.level })
            }
            const made: Model = {
              ...model,
              bytes,
              size,
              blocks,
              checksum: Content.checksum(blocks),
              active: false,
              uses: 0,
              usedAt: ++this.clock
            }
            this.byId.set(made.id, made)
            this.counters.loads++
            return Effect.succeed(made)
          }),
          Effect.onError(() =>
            Effect.sync(() => {
              release(bytes)
              this.used -= size
            })
          )
        )
      })
    )
  }

  unload(id: string, force: boolean): "NotFound" | "Active" | number {
    const model = this.byId.get(id)
    if (model === undefined) return "NotFound"
    if (model.active && !force) return "Active"
    this.remove(model)
    return model.size
  }

  get(id: string): Model | undefined {
    return this.byId.get(id)
  }

  activate(id: string, active: boolean): Model | undefined {
    const model = this.byId.get(id)
    if (model === undefined) return undefined
    model.active = active
    this.touch(model)
    return model
  }

  infer(
    id: string,
    prompt: string,
    tokens: number
  ): Effect.Effect<{ readonly tokens: ReadonlyArray<number>; readonly digest: number }, InferRefusal> {
    return Effect.suspend(() => {
      if (this.level === "critical") return Effect.fail<InferRefusal>({ _tag: "Pressure", level: this.level })
      const model = this.byId.get(id)
      if (model === undefined) return Effect.fail<InferRefusal>({ _tag: "NotFound" })
      model.uses = (model.uses + 1) >>> 0
      this.touch(model)
      return Effect.succeed(Content.infer(model.bytes, prompt, tokens))
    })
  }

  overwrite(id: string, offset: number, data: Uint8Array): number | undefined {
    const model = this.byId.get(id)
    if (model === undefined) return undefined
    const from = Math.min(offset, model.size)
    const count = Math.min(data.byteLength, model.size - from)
    model.bytes.set(data.subarray(0, count), from)
    return count
  }

  /** In the order of their names, by code points. */
  get models(): ReadonlyArray<Model> {
    return Array.from(this.byId.values()).sort((a, b) => compareText(a.id, b.id))
  }

  /** A smaller budget makes idle adapters go; what is in use stays, and nothing comes before there is room. */
  setBudget(bytes: number): void {
    this.budget = bytes
    if (this.used > bytes) this.unloadIdleUntil(bytes)
  }

  respond(level: PressureLevel): void {
    this.level = level
    if (rank(level) >= rank("high")) this.removeAll(isIdleAdapter)
  }

  /** Unloads all that nobody uses. */
  shed(): void {
    this.removeAll((model) => !model.active)
  }

  clear(): void {
    this.removeAll(() => true)
  }

  /** Loads the next required model that is not in memory; `false` when there is none. */
  get loadNextRequired(): Effect.Effect<boolean, string> {
    return Effect.suspend(() => {
      const missing = this.settings.required.find(([id]) => !this.byId.has(id))
      if (missing === undefined) return Effect.succeed(false)
      const [id, source] = missing
      return Semaphore.withPermit(this.turn, this.loadInTurn(id, source, "base", false, false)).pipe(
        Effect.as(true),
        Effect.mapError((refusal) => `the base model "${id}" cannot be loaded: ${explain(refusal)}`)
      )
    })
  }

  get health(): HealthStatus {
    this.sample()
    if (this.damaged.size > 0) return unhealthy(`damaged: ${Array.from(this.damaged).sort(compareText).join(", ")}`)
    const missing = this.settings.required.find(([id]) => !this.byId.has(id))
    if (missing !== undefined) {
      const reason = `the base model "${missing[0]}" is not in memory`
      return this.level === "normal" ? unhealthy(reason) : degraded(reason)
    }
    if (this.level === "critical") return degraded("closed while memory is critical")
    if (this.used * 10 > this.budget * 9) {
      return degraded(`${Math.floor(this.used * 100 / this.budget)} % of the budget is used`)
    }
    return healthy
  }

  /** Restores every block that differs from its checksum, and every required model that is gone. */
  get heal(): Effect.Effect<boolean> {
    return Effect.gen({ self: this }, function*() {
      let healed = true
      for (const model of this.models) {
        const restored = yield* Effect.option(this.restore(model))
        if (this.byId.get(model.id) !== model) continue
        if (restored._tag === "None") {
          this.damaged.add(model.id)
          healed = false
        } else {
          this.damaged.delete(model.id)
          if (restored.value) this.counters.restored++
        }
      }
      while (this.level === "normal") {
        const next = yield* Effect.option(this.loadNextRequired)
        if (next._tag === "None") return false
        if (!next.value) break
        this.counters.restored++
      }
      return healed
    })
  }

  /** Whether anything had to be restored. */
  private restore(model: Model): Effect.Effect<boolean, Source.Problem> {
    const { files, settings } = this
    return Effect.scoped(Effect.gen({ self: this }, function*() {
      const bad: Array<number> = []
      for (let block = 0; block < model.blocks.length; block++) {
        if (block % STRIDE === 0) yield* Effect.yieldNow
        if (model.bytes.byteLength > 0 && checksumNow(model, block) !== model.blocks[block]) bad.push(block)
      }
      if (bad.length === 0) return false
      const reader = yield* Source.open(model.source, settings.folder, files)
      if (reader.bytes !== model.size) return yield* Effect.fail<Source.Problem>("unreadable")
      const fresh = new Uint8Array(Content.BLOCK)
      for (const block of bad) {
        const target = fresh.subarray(0, Math.min(Content.BLOCK, model.size - block * Content.BLOCK))
        yield* reader.fill(block, target)
        // A source that has changed does not give back the model that was loaded.
        if (Content.blockChecksum(target) !== model.blocks[block]) {
          return yield* Effect.fail<Source.Problem>("unreadable")
        }
        // It may have been unloaded while its source was read.
        if (model.bytes.byteLength > 0) model.bytes.set(target, block * Content.BLOCK)
      }
      return true
    }))
  }

  /** Compares the next few blocks with their checksums, going round over all models. */
  private sample(): void {
    const models = this.models
    const total = models.reduce((sum, model) => sum + model.blocks.length, 0)
    for (let i = Math.min(total, this.verifyBlocks); i > 0; i--) {
      const [model, block] = after(models, this.cursor)
      this.cursor = [model.id, block]
      if (checksumNow(model, block) !== model.blocks[block]) this.damaged.add(model.id)
    }
  }

  /** Unloads idle adapters for a model of this size, or none of them if all would not be enough. */
  private makeRoom(bytes: number): ReadonlyArray<string> {
    let idle = 0
    for (const model of this.byId.values()) if (isIdleAdapter(model)) idle += model.size
    const target = this.budget - bytes
    return target >= 0 && this.used - idle <= target ? this.unloadIdleUntil(target) : []
  }

  /** Those that were used longest ago go first. */
  private unloadIdleUntil(target: number): ReadonlyArray<string> {
    const idle = Array.from(this.byId.values()).filter(isIdleAdapter).sort((a, b) => a.usedAt - b.usedAt)
    const gone: Array<string> = []
    for (const model of idle) {
      if (this.used <= target) break
      gone.push(model.id)
      this.remove(model)
    }
    return gone
  }

  private removeAll(which: (model: Model) => boolean): void {
    for (const model of Array.from(this.byId.values())) if (which(model)) this.remove(model)
  }

  private remove(model: Model): void {
    this.byId.delete(model.id)
    this.damaged.delete(model.id)
    this.counters.unloads++
    release(model.bytes)
    this.used -= model.size
  }

  private touch(model: Model): void {
    model.usedAt = ++this.clock
  }
}

const unreadable = (reason: Source.Problem): LoadRefusal => ({ _tag: "Unreadable", reason })

const fill = Effect.fnUntraced(function*(reader: Source.Reader, bytes: Uint8Array) {
  const blocks = new Uint32Array(Math.ceil(bytes.byteLength / Content.BLOCK))
  for (let block = 0; block < blocks.length; block++) {
    if (block % STRIDE === 0) yield* Effect.yieldNow
    const target = bytes.subarray(block * Content.BLOCK, (block + 1) * Content.BLOCK)
    yield* reader.fill(block, target)
    blocks[block] = Content.blockChecksum(target)
  }
  return blocks
})
