/** "00" to "zz". */
const suffixes = Array.from({ length: 36 * 36 }, (_, i) => i.toString(36).padStart(2, "0"))

/**
 * The id of the invocation that was the `order`th of an epoch.
 *
 * @internal
 */
export const invocationId = (epoch: string, order: number): string => prefixOf(epoch, pageOf(order)) + suffixOf(order)

const pageOf = (order: number): number => Math.floor(order / suffixes.length)
const prefixOf = (epoch: string, page: number): string => `${epoch}-${page.toString(36)}`
const suffixOf = (order: number): string => suffixes[order % suffixes.length]!

/**
 * The same for many ids of one epoch. Turning a number into a string costs more than all the rest of an id, so it is done
 * once per 1,296 of them.
 *
 * @internal
 */
export class InvocationIds {
  private readonly epoch: string
  private page = -1
  private prefix = ""

  constructor(epoch: string) {
    this.epoch = epoch
  }

  of(order: number): string {
    const page = pageOf(order)
    if (page !== this.page) {
      this.page = page
      this.prefix = prefixOf(this.epoch, page)
    }
    return this.prefix + suffixOf(order)
  }
}
