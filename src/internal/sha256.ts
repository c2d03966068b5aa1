/**
 * SHA-256 of a text's UTF-8, in hexadecimal. The platform's own is asynchronous, and not there in pages without a
 * certificate.
 *
 * @internal
 */
export const sha256 = (text: string): string => {
  const length = encoder.encodeInto(text, scratchFor(text)).written
  const blocks = (length + 8 >> 6) + 1
  const bytes = scratch
  bytes[length] = 0x80
  bytes.fill(0, length + 1, blocks * 64)
  const end = blocks * 64
  const bits = length * 8
  for (let i = 0; i < 4; i++) bytes[end - 1 - i] = bits >>> i * 8
  const high = Math.floor(length / 2 ** 29)
  for (let i = 0; i < 4; i++) bytes[end - 5 - i] = high >>> i * 8
  const hash = Int32Array.from(initial)
  for (let block = 0; block < end; block += 64) compress(hash, bytes, block)
  let hex = ""
  for (const word of hash) hex += (word >>> 0).toString(16).padStart(8, "0")
  return hex
}

const encoder = new TextEncoder()
const words = new Int32Array(64)
let scratch = new Uint8Array(1024)

/** Room for the text and the padding. One buffer serves all calls, since a call never waits. */
const scratchFor = (text: string): Uint8Array<ArrayBuffer> => {
  const size = text.length * 3 + 128
  if (scratch.length < size) scratch = new Uint8Array(size * 2)
  return scratch
}

const compress = (hash: Int32Array, bytes: Uint8Array, at: number): void => {
  for (let i = 0; i < 16; i++) {
    const j = at + i * 4
    words[i] = bytes[j]! << 24 | bytes[j + 1]! << 16 | bytes[j + 2]! << 8 | bytes[j + 3]!
  }
  for (let i = 16; i < 64; i++) {
    const x = words[i - 15]!
    const y = words[i - 2]!
    words[i] = words[i - 16]! + (rotate(x, 7) ^ rotate(x, 18) ^ x >>> 3) + words[i - 7]! +
      (rotate(y, 17) ^ rotate(y, 19) ^ y >>> 10)
  }
  let a = hash[0]!
  let b = hash[1]!
  let c = hash[2]!
  let d = hash[3]!
  let e = hash[4]!
  let f = hash[5]!
  let g = hash[6]!
  let h = hash[7]!
  for (let i = 0; i < 64; i++) {
    const one = h + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) + (e & f ^ ~e & g) + constants[i]! + words[i]! | 0
    const two = (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) + (a & b ^ a & c ^ b & c) | 0
    h = g
    g = f
    f = e
    e = d + one | 0
    d = c
    c = b
    b = a
    a = one + two | 0
  }
  hash[0]! += a
  hash[1]! += b
  hash[2]! += c
  hash[3]! += d
  hash[4]! += e
  hash[5]! += f
  hash[6]! += g
  hash[7]! += h
}

const rotate = (word: number, bits: number): number => word >>> bits | word << 32 - bits

const primes: ReadonlyArray<number> = (() => {
  const found: Array<number> = []
  for (let n = 2; found.length < 64; n++) if (found.every((prime) => n % prime !== 0)) found.push(n)
  return found
})()

/** The first 32 bits of the fraction of a root. */
const fraction = (root: number): number => (root - Math.floor(root)) * 2 ** 32 | 0

const initial = Int32Array.from(primes.slice(0, 8), (prime) => fraction(Math.sqrt(prime)))
const constants = Int32Array.from(primes, (prime) => fraction(Math.cbrt(prime)))
