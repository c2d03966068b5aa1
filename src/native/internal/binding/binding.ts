import type { Addon, ModuleInfo } from "./addon.ts"
import { header, input, output, unfetched } from "./layout.ts"
import { SlotReader, SlotWriter } from "./slots.ts"

/**
 * What is done with the answer of an asynchronous call. It reads from `reader` before it returns: the next answer
 * overwrites it.
 *
 * @internal
 */
export type OnDone = (status: number) => void

/**
 * One addon, as this thread uses it: the shared memory, and the calls that have not ended.
 *
 * Invariants: whoever writes input starts the call before anything else writes; whoever gets an answer reads it before
 * anything else is called.
 *
 * @internal
 */
export class Binding {
  readonly writer = new SlotWriter()
  readonly reader = new SlotReader()
  readonly modules: ReadonlyMap<string, ModuleInfo>
  private readonly addon: Addon
  private readonly running = new Map<number, OnDone>()
  /** What calls make, so that it does not stay when they are cancelled. */
  private readonly makers = new Map<number, "instance" | "stream">()
  private attached = false
  private lastId = 0

  private constructor(addon: Addon) {
    this.addon = addon
    const modules: ReadonlyArray<ModuleInfo> = JSON.parse(addon.modules() ?? "[]")
    this.modules = new Map(modules.map((module) => [module.name, module]))
    this.attach()
  }

  private static readonly bindings = new WeakMap<Addon, Binding>()

  /** The binding of an addon; an addon delivers its answers to one only. */
  static of(addon: Addon): Binding {
    let binding = Binding.bindings.get(addon)
    if (binding === undefined) {
      binding = new Binding(addon)
      Binding.bindings.set(addon, binding)
    }
    return binding
  }

  /** Runs a command on this thread, with the input that was written. Returns its status; `reader` has the rest. */
  call(instance: number, command: number, transport: number): number {
    const { reader, writer } = this
    const { head, text } = writer
    head[input.handle] = instance
    head[input.command] = command
    head[input.slots] = writer.at - header
    head[input.text] = text.length
    head[input.bytes] = writer.bytesAt
    head[input.transport] = transport
    if (writer.changed || reader.changed || reader.large) this.settle()
    return this.receive(this.addon.call(text))
  }

  /** Runs something on a thread of the pool, with the input that was written. */
  start(kind: number, handle: number, command: number, transport: number, onDone: OnDone): number {
    const { writer } = this
    const { head } = writer
    const id = this.freeId()
    head[input.handle] = handle
    head[input.command] = command
    head[input.slots] = writer.at - header
    head[input.text] = writer.text.length
    head[input.bytes] = writer.bytesAt
    head[input.id] = id
    head[input.transport] = transport
    head[input.kind] = kind
    this.settle()
    this.addon.start(writer.text)
    this.running.set(id, onDone)
    return id
  }

  /** Tells a running call that nobody wants its answer, and calls `ended` when it has ended. Whether it is running. */
  cancel(id: number, ended: () => void): boolean {
    const before = this.running.get(id)
    if (before === undefined) return false
    this.running.set(id, (status) => {
      // What it has made has to go, although nobody wants it.
      if (status === 0) this.discard(id)
      ended()
    })
    this.addon.cancel(id)
    return true
  }

  release(instance: number): void {
    this.addon.release(instance)
  }

  close(stream: number): void {
    this.addon.close(stream)
  }

  /** The instance or stream that the answer speaks of. */
  get handle(): number {
    return this.reader.head[output.handle]!
  }

  /** What an answer without a value says. */
  get message(): string {
    return this.reader.text
  }

  /** The bytes of the answer, until the next one. */
  get bytes(): Uint8Array {
    return this.reader.area.subarray(0, this.reader.head[output.bytes])
  }

  /** Notes what a call makes. */
  makes(id: number, what: "instance" | "stream"): void {
    this.makers.set(id, what)
  }

  private discard(id: number): void {
    const what = this.makers.get(id)
    if (what === "instance") this.release(this.handle)
    if (what === "stream") this.close(this.handle)
  }

  private receive(text: string | undefined): number {
    const { reader } = this
    const status = reader.head[output.status]!
    reader.begin(text ?? "")
    return status < unfetched ? status : this.fetch()
  }

  /** Makes room for the answer that did not fit. */
  private fetch(): number {
    const { reader } = this
    reader.makeRoom(reader.head[output.slots]!, reader.head[output.bytes]!)
    this.attach()
    this.addon.fetch()
    return reader.head[output.status]!
  }

  private readonly done = (id: number, text: string | undefined): void => {
    const status = this.receive(text)
    const onDone = this.running.get(id)
    this.running.delete(id)
    onDone?.(status)
    this.makers.delete(id)
  }

  /** Both sides know the same memory, and no more of it than is kept. */
  private settle(): void {
    this.reader.shrink()
    if (this.writer.changed || this.reader.changed) this.attach()
  }

  private attach(): void {
    const { reader, writer } = this
    const areas = [writer.numbers.buffer, reader.numbers.buffer, writer.area.buffer, reader.area.buffer] as const
    if (this.attached) this.addon.attach(...areas)
    else this.addon.attach(...areas, this.done, nothing)
    this.attached = true
    writer.changed = false
    reader.changed = false
  }

  /** A `u32` that no running call has. */
  private freeId(): number {
    do this.lastId = this.lastId === 0xffff_ffff ? 1 : this.lastId + 1
    while (this.running.has(this.lastId))
    return this.lastId
  }
}

/**
 * What native code runs to learn whether this thread is being ended: the engine looks for that in loops.
 */
const nothing = (): void => {
  for (let i = 0; i < 1; i++);
}
