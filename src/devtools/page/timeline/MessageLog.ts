import type { InvocationMessage } from "../../../protocol/InvocationMessage.ts"

/** The messages as they came, for the export: the newest, bounded by count and by length. */
export class MessageLog {
  /** How many came that are not kept any more, or never came. */
  dropped = 0
  private readonly bounds: { readonly messages: number; readonly characters: number }
  private messages: Array<InvocationMessage> = []
  private sizes: Array<number> = []
  private head = 0
  private characters = 0
  private last: { readonly epoch: string; readonly sequence: number } | undefined

  constructor(bounds = { messages: 100_000, characters: 64_000_000 }) {
    this.bounds = bounds
  }

  get all(): ReadonlyArray<InvocationMessage> {
    return this.messages.slice(this.head)
  }

  get size(): number {
    return this.messages.length - this.head
  }

  /** `size`: about how many characters it has. */
  add(message: InvocationMessage, size: number): void {
    const { last } = this
    if (last === undefined || last.epoch !== message.epoch) {
      // What a process published before the first message that came of it.
      this.dropped += Math.max(0, message.sequence - 1)
    } else if (message.sequence > last.sequence + 1) this.dropped += message.sequence - last.sequence - 1
    this.last = message
    this.messages.push(message)
    this.sizes.push(size)
    this.characters += size
    while (this.size > 1 && (this.size > this.bounds.messages || this.characters > this.bounds.characters)) {
      this.characters -= this.sizes[this.head]!
      ;(this.messages as Array<unknown>)[this.head++] = undefined
      this.dropped++
    }
    if (this.head > 1_024 && this.head * 2 > this.messages.length) {
      this.messages = this.messages.slice(this.head)
      this.sizes = this.sizes.slice(this.head)
      this.head = 0
    }
  }

  clear(): void {
    this.dropped += this.size
    this.messages = []
    this.sizes = []
    this.head = this.characters = 0
  }
}
