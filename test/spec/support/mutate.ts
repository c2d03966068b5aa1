import type { Random } from "./random.ts"

/** Changes one place of a JSON value: a key or an item goes, comes, is renamed, or gets another value. */
export const mutateJson = (random: Random, root: unknown): unknown => {
  const copy = structuredClone(root)
  const holders: Array<any> = []
  const collect = (value: any): void => {
    if (typeof value !== "object" || value === null) return
    if (Object.keys(value).length > 0) holders.push(value)
    for (const item of Object.values(value)) collect(item)
  }
  collect(copy)
  if (holders.length === 0) return odd(random)
  const holder = random.pick(holders)
  const key = random.pick(Object.keys(holder))
  switch (random.int(0, 5)) {
    case 0:
      if (Array.isArray(holder)) holder.splice(Number(key), 1)
      else delete holder[key]
      return copy
    case 1: {
      if (Array.isArray(holder)) return holder.push(structuredClone(holder[Number(key)])), copy
      const value = holder[key]
      delete holder[key]
      holder[`${key}${random.pick(["s", "_", "X", " ", ""])}`] = value
      return copy
    }
    case 2:
      if (typeof holder[key] === "string") return holder[key] = mutateText(random, holder[key]), copy
      holder[key] = odd(random)
      return copy
    case 3: {
      const other = random.pick(holders)
      holder[key] = structuredClone(Object.values(other)[0])
      return copy
    }
    default:
      holder[key] = odd(random)
      return copy
  }
}

/** Changes a few characters of a text. */
export const mutateText = (random: Random, text: string): string => {
  const at = random.int(0, text.length)
  const piece = random.pick([
    "",
    "\"",
    "'",
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "|",
    "<",
    ">",
    "\\",
    "\u0000",
    "\ud800",
    "é",
    "9",
    "null",
    " ",
    "/*",
    "__proto__"
  ])
  return text.slice(0, at) + piece + text.slice(at + random.int(0, 3))
}

const odd = (random: Random): unknown =>
  random.pick<() => unknown>([
    () => null,
    () => true,
    () => -1,
    () => 1.5,
    () => 1e308,
    () => "",
    () => "constructor",
    () => "__proto__",
    () => "string | null",
    () => [],
    () => ({}),
    () => [[[[]]]],
    () => ({ constructor: { type: "string" } }),
    () => ({ fields: {} }),
    () => ({ toString: 1 }),
    () => "\u0000",
    () => "a".repeat(5000),
    () => Array.from({ length: 300 }, (_, i) => ({ name: `a${i}`, type: "string" }))
  ])()
