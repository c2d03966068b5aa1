import type * as SpecIr from "opbus/spec/SpecIr"
import { makeRandom, type Random } from "./random.ts"

/**
 * Makes random JSON values that fit types: what the encoded side of the generated schemas accepts.
 *
 * A value depends on the seed and the type alone. Recursion ends: the deeper a value is, the smaller its parts.
 */
export interface RandomValues {
  /** A value of a type that a command uses. */
  readonly value: (
    seed: number,
    command: SpecIr.Command,
    type: SpecIr.Type,
    constraints?: SpecIr.Constraints
  ) => SpecIr.Json
  readonly params: (seed: number, command: SpecIr.Command) => SpecIr.Json
  /** For a stream: one element. */
  readonly result: (seed: number, command: SpecIr.Command) => SpecIr.Json
  /** One of the declared failures, with its `_tag`; `undefined` when there are none. */
  readonly failure: (seed: number, command: SpecIr.Command) => SpecIr.Json | undefined
}

/** `commands` are all that types may be found in: those of one call of `SpecReader.resolve`. */
export const makeRandomValues = (commands: ReadonlyArray<SpecIr.Command>): RandomValues => {
  const byCommand = new Map(commands.map((command) => [command.name, command]))
  const heights = new Map<SpecIr.Declaration, number>()

  const find = (ref: Ref, home: SpecIr.Command): { declaration: SpecIr.Declaration; home: SpecIr.Command } => {
    const owner = ref.foreign === undefined ? home : byCommand.get(ref.foreign)!
    const declaration = ref.external?.declaration ?? owner.declarations.find(({ name }) => name === ref.name)
    if (declaration === undefined) throw new Error(`no declaration of ${ref.name} for ${home.name}`)
    return { declaration, home: owner }
  }

  /** How deep the smallest value of a type is; a type in the making counts as endless. */
  const heightOf = (type: SpecIr.Type, home: SpecIr.Command): number => {
    if (type._tag !== "Ref") return 0
    const found = find(type, home)
    const known = heights.get(found.declaration)
    if (known !== undefined) return known
    heights.set(found.declaration, Infinity)
    const height = 1 + declarationHeight(found.declaration, found.home)
    if (height === Infinity) heights.delete(found.declaration)
    else heights.set(found.declaration, height)
    return height
  }
  const fieldsHeight = (fields: ReadonlyArray<SpecIr.Field>, home: SpecIr.Command): number =>
    Math.max(0, ...fields.filter((field) => !mayBeAbsent(field)).map((field) => heightOf(field.type, home)))
  const declarationHeight = (declaration: SpecIr.Declaration, home: SpecIr.Command): number => {
    switch (declaration._tag) {
      case "Enum":
        return 0
      case "Struct":
        return fieldsHeight(declaration.fields, home)
      case "Union":
        return Math.min(...declaration.variants.map((variant) => fieldsHeight(variant.fields, home)))
      case "Alias":
        return heightOf(declaration.type, home)
    }
  }

  const fields = (random: Random, own: ReadonlyArray<SpecIr.Field>, home: SpecIr.Command, depth: number) => {
    const found: Record<string, SpecIr.Json> = {}
    for (const field of own) {
      if (mayBeAbsent(field) && random.chance(depth > deep ? 1 : 0.4)) continue
      found[field.name] = make(random, field.type, field.constraints, home, depth + 1)
    }
    return found
  }

  const make = (
    random: Random,
    type: SpecIr.Type,
    constraints: SpecIr.Constraints,
    home: SpecIr.Command,
    depth: number
  ): SpecIr.Json => {
    switch (type._tag) {
      case "Primitive":
        return primitive(random, type.name, constraints, depth)
      case "Nullable":
        return random.chance(depth > deep ? 1 : 0.3) ? null : make(random, type.inner, constraints, home, depth)
      case "Array":
        return Array.from(
          { length: sizeOf(random, constraints, depth) },
          () => make(random, type.item, {}, home, depth + 1)
        )
      case "Record": {
        const found: Record<string, SpecIr.Json> = {}
        const size = depth > deep ? 0 : random.int(0, 3)
        for (let i = 0; i < size; i++) found[random.pick(keys) + i] = make(random, type.value, {}, home, depth + 1)
        return found
      }
      case "Ref": {
        const found = find(type, home)
        return declared(random, found.declaration, constraints, found.home, depth)
      }
    }
  }

  const declared = (
    random: Random,
    declaration: SpecIr.Declaration,
    constraints: SpecIr.Constraints,
    home: SpecIr.Command,
    depth: number
  ): SpecIr.Json => {
    switch (declaration._tag) {
      case "Enum":
        return random.pick(declaration.values).value
      case "Struct":
        return fields(random, declaration.fields, home, depth)
      case "Alias":
        return make(random, declaration.type, { ...declaration.constraints, ...constraints }, home, depth)
      case "Union": {
        const heights = declaration.variants.map((variant) => fieldsHeight(variant.fields, home))
        const lowest = Math.min(...heights)
        const allowed = declaration.variants.filter((_, i) => depth <= deep || heights[i] === lowest)
        const variant = random.pick(allowed)
        return { [declaration.discriminator]: variant.name, ...fields(random, variant.fields, home, depth) }
      }
    }
  }

  return {
    value: (seed, command, type, constraints = {}) => make(makeRandom(seed), type, constraints, command, 0),
    params: (seed, command) => fields(makeRandom(seed), command.params.fields, command, 0),
    result: (seed, command) => fields(makeRandom(seed), command.result.fields, command, 0),
    failure: (seed, command) => {
      const random = makeRandom(seed)
      if (command.failures.length === 0) return undefined
      const failure = random.pick(command.failures)
      return { _tag: failure.name, ...fields(random, failure.fields, command, 0) }
    }
  }
}

type Ref = Extract<SpecIr.Type, { _tag: "Ref" }>

const mayBeAbsent = (field: SpecIr.Field): boolean => field.optional || field.default !== undefined

/** From here on everything that can be left out is. */
const deep = 4

const keys = ["a", "Key", "with space", "ключ", "constructor", "toString", "quote\"", "emoji 🎉 ", "", "0"]

const sizeOf = (random: Random, { minItems = 0, maxItems = Infinity }: SpecIr.Constraints, depth: number): number =>
  Math.max(minItems, depth > deep ? minItems : Math.min(maxItems, random.int(minItems, minItems + 3)))

// ---------------------------------------------------------------------------
// primitives
// ---------------------------------------------------------------------------

const primitive = (
  random: Random,
  name: SpecIr.Primitive,
  constraints: SpecIr.Constraints,
  depth: number
): SpecIr.Json => {
  switch (name) {
    case "string":
      return text(random, constraints)
    case "boolean":
      return random.chance(0.5)
    case "number":
      return real(random, constraints)
    case "integer":
      return integer(random, constraints, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER)
    case "int32":
      return integer(random, constraints, -(2 ** 31), 2 ** 31 - 1)
    case "uint32":
      return integer(random, constraints, 0, 2 ** 32 - 1)
    case "int64":
      return long(random, constraints, -(2n ** 63n), 2n ** 63n - 1n)
    case "uint64":
      return long(random, constraints, 0n, 2n ** 64n - 1n)
    case "bytes":
      return Buffer.from(Array.from({ length: random.int(0, 12) }, () => random.int(0, 255))).toString("base64")
    case "timestamp":
      return new Date(
        random.chance(0.2)
          ? random.pick([-62_167_219_200_000, 253_402_300_799_999, 0, -1])
          : random.int(-62_167_219_200_000, 253_402_300_799_999)
      ).toISOString()
    case "json":
      return anyJson(random, depth)
  }
}

/** Texts that break careless code. */
const texts = [
  "",
  "a",
  "plain text",
  "quote ' and \" and `",
  "back\\slash",
  "line\nbreak\ttab",
  "*/ end of comment",
  "${injected} {{token}}",
  "äöü ß €",
  "日本語",
  "🎉👩‍👩‍👧",
  "\u0000",
  "null",
  "</script>",
  "\u2028\u2029"
]

/** Patterns that random specs use, each with a way to fit it. */
export const samplePatterns: ReadonlyMap<string, (random: Random) => string> = new Map([
  ["^[a-z]{1,8}$", (random) => letters(random, "abcxyz", random.int(1, 8))],
  ["^[a-z][a-z0-9-]*$", (random) => `${letters(random, "abc", 1)}${letters(random, "abc012-", random.int(0, 6))}`],
  ["^\\d{4}-\\d{2}$", (random) => `${letters(random, "0123456789", 4)}-${letters(random, "0123456789", 2)}`],
  ["^(?:red|green|blue)$", (random) => random.pick(["red", "green", "blue"])],
  ["^[A-Z]+(?:_[A-Z]+)*$", (random) => `${letters(random, "ABC", 3)}_${letters(random, "XYZ", 2)}`]
])

const letters = (random: Random, alphabet: string, length: number): string =>
  Array.from({ length }, () => alphabet[random.int(0, alphabet.length - 1)]).join("")

const text = (random: Random, { minLength = 0, maxLength = Infinity, pattern }: SpecIr.Constraints): string => {
  if (pattern !== undefined) {
    const sample = samplePatterns.get(pattern)
    if (sample === undefined) throw new Error(`no sample for the pattern ${pattern}`)
    return sample(random)
  }
  const candidate = random.pick(texts)
  if (candidate.length >= minLength && candidate.length <= maxLength) return candidate
  return letters(random, "abcdefghij ", Math.min(maxLength, minLength + random.int(0, 5)))
}

const real = (random: Random, constraints: SpecIr.Constraints): number => {
  const low = Math.max(constraints.minimum ?? -Infinity, constraints.exclusiveMinimum ?? -Infinity)
  const high = Math.min(constraints.maximum ?? Infinity, constraints.exclusiveMaximum ?? Infinity)
  if (low === -Infinity && high === Infinity) {
    return random.pick([
      0,
      1,
      -1,
      0.1,
      1 / 3,
      1e-300,
      1e300,
      Number.MAX_VALUE,
      Number.MIN_VALUE,
      2 ** 53 + 2,
      random.next()
    ])
  }
  // Inside the bounds, wherever those are.
  if (low === -Infinity) return high - 1 - random.next()
  if (high === Infinity) return low + 1 + random.next()
  return low + (high - low) * (0.25 + random.next() / 2)
}

const integer = (random: Random, constraints: SpecIr.Constraints, least: number, most: number): number => {
  const low = Math.max(
    least,
    Math.ceil(constraints.minimum ?? least),
    Math.floor(constraints.exclusiveMinimum ?? least - 1) + 1
  )
  const high = Math.min(
    most,
    Math.floor(constraints.maximum ?? most),
    Math.ceil(constraints.exclusiveMaximum ?? most + 1) - 1
  )
  if (random.chance(0.3)) return random.pick([low, high])
  const near = random.int(-1000, 1000)
  if (near >= low && near <= high) return near
  return Math.min(high, low + Math.floor(random.next() * (high - low)))
}

const long = (random: Random, constraints: SpecIr.Constraints, least: bigint, most: bigint): string => {
  const bound = (value: number | undefined, other: bigint) => value === undefined ? other : BigInt(value)
  const low = larger(bound(constraints.minimum, least), bound(constraints.exclusiveMinimum, least - 1n) + 1n)
  const high = smaller(bound(constraints.maximum, most), bound(constraints.exclusiveMaximum, most + 1n) - 1n)
  if (random.chance(0.3)) return String(random.pick([low, high]))
  const bits = BigInt(random.int(0, 2 ** 32 - 1)) << 32n | BigInt(random.int(0, 2 ** 32 - 1))
  return String(low + bits % (high - low + 1n))
}

const larger = (a: bigint, b: bigint) => a > b ? a : b
const smaller = (a: bigint, b: bigint) => a < b ? a : b

const anyJson = (random: Random, depth: number): SpecIr.Json => {
  const kind = random.int(0, depth > deep ? 4 : 6)
  switch (kind) {
    case 0:
      return null
    case 1:
      return random.chance(0.5)
    case 2:
      return random.pick([0, 1, -1.5, 1e21, 12345])
    case 3:
    case 4:
      return random.pick(texts)
    case 5:
      return Array.from({ length: random.int(0, 3) }, () => anyJson(random, depth + 1))
    default:
      return Object.fromEntries(
        Array.from({ length: random.int(0, 3) }, (_, i) => [random.pick(keys) + i, anyJson(random, depth + 1)])
      )
  }
}
