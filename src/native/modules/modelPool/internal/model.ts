/**
 * A model that is in memory, and its blocks.
 *
 * @since 0.1.0
 */
import * as Content from "./content.ts"
import type { Source } from "./source.ts"

/** A model that is in memory. */
export interface Model {
  readonly id: string
  readonly kind: "base" | "adapter"
  readonly source: Source
  readonly bytes: Uint8Array
  readonly size: number
  readonly blocks: Uint32Array
  readonly checksum: number
  active: boolean
  uses: number
  usedAt: number
}

/** The checksum of a block as it is now. */
export const checksumNow = (model: Model, block: number): number =>
  Content.blockChecksum(
    model.bytes.subarray(block * Content.BLOCK, Math.min(model.size, (block + 1) * Content.BLOCK))
  )

/** Code points in order, which is the order of UTF-8 as well; code units would put emoji before U+FFFD. */
export const compareText = (a: string, b: string): number => {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i)
    const y = b.charCodeAt(i)
    if (x !== y) return isSurrogate(x) === isSurrogate(y) ? x - y : isSurrogate(x) ? 1 : -1
  }
  return a.length - b.length
}

const isSurrogate = (unit: number): boolean => (unit & 0xf800) === 0xd800

export const isIdleAdapter = (model: Model): boolean => model.kind === "adapter" && !model.active

/** A buffer that has moved away leaves nothing behind: the memory is free now, not when it is collected. */
export const release = (bytes: Uint8Array): void => {
  ;(bytes.buffer as ArrayBuffer).transfer(0)
}

/** The block behind the cursor; behind the last one comes the first again. There is at least one. */
export const after = (
  models: ReadonlyArray<Model>,
  [id, block]: readonly [id: string, block: number]
): readonly [model: Model, block: number] => {
  for (const model of models) {
    const order = compareText(model.id, id)
    if (order === 0 && block + 1 < model.blocks.length) return [model, block + 1]
    if (order > 0) return [model, 0]
  }
  return [models[0]!, 0]
}
