/**
 * The candidates that a mistyped key may have meant: at most three, the nearest first.
 *
 * @internal
 */
export const suggest = (key: string, candidates: Iterable<string>): ReadonlyArray<string> => {
  if (key.length > 200) return []
  const near: Array<readonly [candidate: string, distance: number]> = []
  for (const candidate of candidates) {
    const distance = editDistance(key.toLowerCase(), candidate.toLowerCase())
    if (distance <= Math.max(2, key.length / 3)) near.push([candidate, distance])
  }
  return near.sort((a, b) => a[1] - b[1]).slice(0, 3).map(([candidate]) => candidate)
}

const editDistance = (a: string, b: string): number => {
  let previous = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const current = [i]
    for (let j = 1; j <= b.length; j++) {
      current.push(Math.min(
        previous[j]! + 1,
        current[j - 1]! + 1,
        previous[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)
      ))
    }
    previous = current
  }
  return previous[b.length]!
}
