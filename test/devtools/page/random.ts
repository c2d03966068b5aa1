/** Random numbers that come again with the same seed. */
export class Random {
  private state: number

  constructor(seed: number) {
    this.state = seed >>> 0
  }

  /** From 0 to 1. */
  next(): number {
    this.state = (this.state + 0x6d2b79f5) | 0
    let t = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }

  /** From 0 to below `end`. */
  int(end: number): number {
    return Math.floor(this.next() * end)
  }

  chance(share: number): boolean {
    return this.next() < share
  }

  pick<A>(values: ReadonlyArray<A>): A {
    return values[this.int(values.length)]!
  }

  text(least = 0, most = 12): string {
    const length = least + this.int(most - least + 1)
    return Array.from({ length }, () => this.pick(Array.from("abcXYZ 09-_.<>&\"'äß漢🙂\u202e\n"))).join("")
  }
}

/** Runs with many seeds, and names the one that failed. */
export const withSeeds = (count: number, run: (random: Random, seed: number) => void): void => {
  const only = Number(process.env["OPBUS_SEED"])
  for (const seed of only > 0 ? [only] : Array.from({ length: count }, (_, i) => i + 1)) {
    try {
      run(new Random(seed), seed)
    } catch (error) {
      throw new Error(`with OPBUS_SEED=${seed}: ${(error as Error).message}`, { cause: error })
    }
  }
}
