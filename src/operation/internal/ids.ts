/** "00" to "zz". */
const suffixes = Array.from({ length: 36 * 36 }, (_, i) => i.toString(36).padStart(2, "0"))

const pageOf = (order: number): number => Math.floor(order / suffixes.length)
const suffixOf = (order: number): string => suffixes[order % suffixes.length]!

/**
 * The ids of the invocations of one epoch. Turning a number into a string costs more than all the rest of an id, so it is done
 * once per 1,296 of them.
 *
 * @internal
 */
export class InvocationIds {
  readonly epoch: string
  private page = -1
  private prefix = ""

  constructor(epoch: string) {
    this.epoch = epoch
  }

  of(order: number): string {
    const page = pageOf(order)
    if (page !== this.page) {
      this.page = page
      this.prefix = `${this.epoch}-${page.toString(36)}`
    }
    return this.prefix + suffixOf(order)
  }
}

let last = new InvocationIds("")

/**
 * The id of the invocation that was the `order`th of an epoch.
 *
 * @internal
 */
export const invocationId = (epoch: string, order: number): string => {
  if (last.epoch !== epoch) last = new InvocationIds(epoch)
  return last.of(order)
}
