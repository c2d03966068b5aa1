/**
 * Lines of bounded length, from chunks of bytes.
 *
 * @internal
 */
export class LineReader {
  private readonly limit: number
  private readonly onLine: (line: string) => void
  private parts: Array<Buffer> = []
  private bytes = 0

  constructor(limit: number, onLine: (line: string) => void) {
    this.limit = limit
    this.onLine = onLine
  }

  /** `false` when a line is longer than the limit; nothing may be pushed after that. */
  push(chunk: Buffer): boolean {
    let from = 0
    while (true) {
      const end = chunk.indexOf(10, from)
      const length = (end < 0 ? chunk.length : end) - from
      if (this.bytes + length > this.limit) return false
      if (end < 0) {
        if (length > 0) {
          this.parts.push(chunk.subarray(from))
          this.bytes += length
        }
        return true
      }
      if (this.parts.length === 0) {
        this.onLine(chunk.toString("utf8", from, end))
      } else {
        this.parts.push(chunk.subarray(from, end))
        const line = Buffer.concat(this.parts).toString("utf8")
        this.parts = []
        this.bytes = 0
        this.onLine(line)
      }
      from = end + 1
    }
  }
}
