/**
 * The newest of many values: memory stays the same however long somebody watches.
 */
export class Ring<A> {
  readonly capacity: number
  private readonly slots: Array<A> = []
  private next = 0

  constructor(capacity: number) {
    this.capacity = capacity
  }

  get length(): number {
    return this.slots.length
  }

  push(value: A): void {
    this.slots[this.next] = value
    this.next = (this.next + 1) % this.capacity
  }

  get last(): A | undefined {
    return this.slots[(this.next + this.slots.length - 1) % Math.max(1, this.slots.length)]
  }

  /** The oldest first. */
  toArray(): ReadonlyArray<A> {
    return this.slots.length < this.capacity
      ? this.slots.slice()
      : [...this.slots.slice(this.next), ...this.slots.slice(0, this.next)]
  }

  clear(): void {
    this.slots.length = 0
    this.next = 0
  }
}
