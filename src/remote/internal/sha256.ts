/**
 * SHA-256 of a text, in hexadecimal. The platform's own is asynchronous, and not there in pages without a certificate.
 *
 * @internal
 */
export const sha256 = (text: string): string => {
  const bytes = new TextEncoder().encode(text)
  const blocks = (bytes.length + 8 >> 6) + 1
  const padded = new DataView(new ArrayBuffer(blocks * 64))
  bytes.forEach((byte, i) => padded.setUint8(i, byte))
  padded.setUint8(bytes.length, 0x80)
  padded.setUint32(blocks * 64 - 8, Math.floor(bytes.length / 2 ** 29))
  padded.setUint32(blocks * 64 - 4, bytes.length << 3)
  const hash = Int32Array.from(initial)
  const words = new Int32Array(64)
  for (let block = 0; block < blocks; block++) {
    for (let i = 0; i < 16; i++) words[i] = padded.getInt32(block * 64 + i * 4)
    for (let i = 16; i < 64; i++) {
      const [a, b] = [words[i - 15]!, words[i - 2]!]
      words[i] = words[i - 16]! + (rotate(a, 7) ^ rotate(a, 18) ^ a >>> 3) + words[i - 7]! +
        (rotate(b, 17) ^ rotate(b, 19) ^ b >>> 10)
    }
    let [a, b, c, d, e, f, g, h] = hash as unknown as [number, number, number, number, number, number, number, number]
    for (let i = 0; i < 64; i++) {
      const one = h + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) + (e & f ^ ~e & g) + constants[i]! + words[i]! | 0
      const two = (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) + (a & b ^ a & c ^ b & c) | 0
      ;[h, g, f, e, d, c, b, a] = [g, f, e, d + one | 0, c, b, a, one + two | 0]
    }
    ;[a, b, c, d, e, f, g, h].forEach((word, i) => {
      hash[i] = hash[i]! + word
    })
  }
  return Array.from(hash, (word) => (word >>> 0).toString(16).padStart(8, "0")).join("")
}

const rotate = (word: number, bits: number): number => word >>> bits | word << 32 - bits

const primes: ReadonlyArray<number> = (() => {
  const found: Array<number> = []
  for (let n = 2; found.length < 64; n++) if (found.every((prime) => n % prime !== 0)) found.push(n)
  return found
})()

/** The first 32 bits of the fraction of a root. */
const fraction = (root: number): number => (root - Math.floor(root)) * 2 ** 32 | 0

const initial = primes.slice(0, 8).map((prime) => fraction(Math.sqrt(prime)))
const constants = primes.map((prime) => fraction(Math.cbrt(prime)))
