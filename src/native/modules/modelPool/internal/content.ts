/**
 * What the bytes of a model are, block by block, and their checksums.
 *
 * `native/core/src/modules/model_pool/content.rs` computes the same numbers; whoever changes one changes the other.
 *
 * @since 0.1.0
 */

/** Bytes are made, checked and restored in blocks of this size; the last one may be shorter. */
export const BLOCK = 1 << 20

const PRIME = 0x01000193
const BASIS = 0x811c9dc5
const VOCABULARY = 50_257

/** The words of bytes, in the order of the machine, which is the little end first wherever Node runs. */
const wordsOf = (bytes: Uint8Array): Uint32Array =>
  new Uint32Array(bytes.buffer, bytes.byteOffset, Math.floor(bytes.byteLength / 4))

/** What is left behind the last whole word, filled up with zeros. */
const lastWord = (bytes: Uint8Array): number => {
  let word = 0
  for (let at = bytes.byteLength & ~3, shift = 0; at < bytes.byteLength; at++, shift += 8) word |= bytes[at]! << shift
  return word
}

/**
 * Fills a block whose bytes come from a number: xorshift, started anew for every block, so that one block can be made
 * without those before it. `target` begins at a multiple of four and its length is one.
 */
export const fillSeeded = (seed: number, block: number, target: Uint8Array): void => {
  let state = seed ^ Math.imul(block + 1, 0x9e3779b9)
  if (state === 0) state = 0x6d2b79f5
  const words = wordsOf(target)
  for (let i = 0; i < words.length; i++) {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    words[i] = state
  }
}

/** Notices every change of a single byte. `bytes` begins at a multiple of four. */
export const blockChecksum = (bytes: Uint8Array): number => {
  const words = wordsOf(bytes)
  let hash = BASIS ^ bytes.byteLength
  for (let i = 0; i < words.length; i++) hash = Math.imul(hash ^ words[i]!, PRIME)
  if ((bytes.byteLength & 3) !== 0) hash = Math.imul(hash ^ lastWord(bytes), PRIME)
  return (hash ^ (hash >>> 16)) >>> 0
}

/** Over all blocks. */
export const checksum = (blocks: Uint32Array): number => {
  let hash = BASIS
  for (const block of blocks) hash = Math.imul(hash ^ block, PRIME)
  return (hash ^ (hash >>> 16)) >>> 0
}

/** Walks over the bytes, led by the prompt; returns the answer and its digest. */
export const infer = (
  bytes: Uint8Array,
  prompt: string,
  tokens: number
): { readonly tokens: ReadonlyArray<number>; readonly digest: number } => {
  const words = wordsOf(bytes)
  // A rest of less than a word is not looked at, unless there is nothing else.
  const only = words.length === 0 ? lastWord(bytes) : undefined
  let hash = BASIS
  for (let i = 0; i < prompt.length; i++) hash = Math.imul(hash ^ prompt.charCodeAt(i), PRIME)
  let digest = BASIS
  const answer: Array<number> = []
  for (let i = 0; i < tokens; i++) {
    hash = Math.imul(hash ^ i, 0x9e3779b1)
    hash ^= hash >>> 15
    hash = Math.imul(hash ^ (only ?? words[(hash >>> 0) % words.length]!), 0x85ebca6b)
    hash ^= hash >>> 13
    const token = (hash >>> 0) % VOCABULARY
    answer.push(token)
    digest = Math.imul(digest ^ token, PRIME)
  }
  return { tokens: answer, digest: digest >>> 0 }
}
