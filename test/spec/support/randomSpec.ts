import * as Result from "effect/Result"
import type * as CommandSpec from "opbus/spec/CommandSpec"
import type * as SpecIr from "opbus/spec/SpecIr"
import * as SpecReader from "opbus/spec/SpecReader"
import * as TypeRegistry from "opbus/spec/TypeRegistry"
import { makeRandom, type Random } from "./random.ts"
import { makeRandomValues, samplePatterns } from "./randomValue.ts"

export { makeRandom } from "./random.ts"
export { makeRandomValues, type RandomValues } from "./randomValue.ts"

/**
 * Random specs: valid, varied, and the same for the same seed on every machine.
 *
 * They use every feature of the format. Each adapter gets what it can express, nothing less.
 */
export interface RandomSpecOptions {
  /** The adapters to choose from; by default all that are built in. */
  readonly adapters?: ReadonlyArray<string>
  /** The name of the command; by default a random one. */
  readonly name?: string
  /** Never `stream`, for example. */
  readonly modes?: ReadonlyArray<"sync" | "async" | "stream">
  /** Descriptions and enum values with quotes, comment ends and the like; by default now and then. */
  readonly nasty?: boolean
  /** Default true. */
  readonly examples?: boolean
}

export interface RandomFile {
  readonly source: string
  readonly spec: CommandSpec.CommandSpec
}

const builtin = [
  "rust-ipc",
  "sidecar",
  "server-only",
  "browser-only",
  "full-stack",
  "trait-only",
  "json-schema",
  "c-header",
  "python"
]

/** One valid spec. */
export const randomSpec = (seed: number, options: RandomSpecOptions = {}): CommandSpec.CommandSpec =>
  randomSpecs(seed, 1, options)[0]!.spec

/**
 * Valid specs that belong together: services of several commands that share types, and types that belong to other specs.
 */
export const randomSpecs = (
  seed: number,
  count: number,
  options: RandomSpecOptions = {}
): ReadonlyArray<RandomFile> => {
  const random = makeRandom(seed)
  const drafts: Array<Draft> = []
  const folders = new Set<string>()
  while (drafts.length < count) {
    const folder = fresh(folders, () => kebab(random, 2))
    const adapter = random.pick(options.adapters ?? builtin)
    const service = serviceOf(random, folder, adapter)
    const size = Math.min(count - drafts.length, service === undefined ? random.int(1, 3) : random.int(1, 4))
    const commands = new Set<string>()
    const typeNames = new Set<string>()
    const failures = new Map<string, any>()
    const group: Array<Draft> = []
    for (let i = 0; i < size; i++) {
      const name = options.name ?? `${folder}/${fresh(commands, () => kebab(random, 2))}`
      const draft = makeDraft(random, { name, adapter, service, options, typeNames, failures, earlier: group, drafts })
      group.push(draft)
    }
    drafts.push(...group)
  }
  const files = drafts.map((draft): RandomFile => ({ source: `specs/${draft.name}.json`, spec: draft as any }))
  return withValues(seed, files, options)
}

/** Resolves specs that are known to be valid. */
export const resolveRandom = (files: ReadonlyArray<RandomFile>): SpecReader.Resolved => {
  const resolved = SpecReader.resolve(files, TypeRegistry.empty)
  if (Result.isFailure(resolved)) throw new Error(`a random spec is not valid:\n${resolved.failure.message}`)
  return resolved.success
}

// ---------------------------------------------------------------------------
// names
// ---------------------------------------------------------------------------

const nouns =
  "note user model index page frame query token cache pool stream buffer asset track level score title owner label tree node leaf shape color price order invoice city region sensor reading batch chunk window session device channel"
    .split(" ")
const verbs =
  "load save list find drop merge split watch start stop read write apply check count send pull push scan sort rank trim fold open close"
    .split(
      " "
    )
const adjectives = "large small first last local remote open closed hidden active stale fresh total partial raw".split(
  " "
)

/** Fields that some language reserves. */
const reserved =
  "type class default match self async await import from new delete ref mod loop lambda def none true register int long fn impl trait enum struct union static const let var yield where use box dyn move value key index name result error data id"
    .split(" ")

const fresh = (taken: Set<string>, make: () => string): string => {
  while (true) {
    const name = make()
    const folded = name.toLowerCase().replace(/[^a-z0-9]/g, "")
    if (taken.has(folded)) continue
    taken.add(folded)
    return name
  }
}

const capital = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1)

/** `load-note`, sometimes `loadNote`. */
const kebab = (random: Random, words: number): string => {
  const parts = [random.pick(verbs), ...Array.from({ length: random.int(0, words) }, () => random.pick(nouns))]
  return random.chance(0.7) ? parts.join("-") : parts.map((part, i) => i === 0 ? part : capital(part)).join("")
}

const typeName = (random: Random): string =>
  `${random.chance(0.5) ? capital(random.pick(adjectives)) : ""}${capital(random.pick(nouns))}${
    random.chance(0.7) ? capital(random.pick(nouns)) : "Info"
  }`

const fieldName = (random: Random): string => {
  if (random.chance(0.12)) return random.pick(reserved)
  const noun = random.pick(nouns)
  if (random.chance(0.1)) return `${noun}_${random.pick(adjectives)}`
  return random.chance(0.5) ? noun : `${noun}${capital(random.pick(random.chance(0.5) ? adjectives : nouns))}`
}

const words =
  "the a of every how many which whether value size state time place note user index page memory limit name in by for what it costs holds says"
    .split(
      " "
    )

const nastyTexts = [
  "Ends a comment */ early",
  "Says \"quoted\" and 'single' and `ticked`",
  "Has ${a} template and {{braces}}",
  "Back\\slash \\n and \\u0041",
  "<b>markup</b> & | pipes | in * tables *",
  "Ünïcödé 日本語 🎉",
  "@since 1.0 @category nothing",
  "// looks like a comment # and this /* too",
  "'''' and \"\"\" of Python"
]

const sentence = (random: Random, options: RandomSpecOptions): string =>
  random.chance(options.nasty === undefined ? 0.06 : options.nasty ? 0.4 : 0)
    ? random.pick(nastyTexts)
    : capital(Array.from({ length: random.int(2, random.chance(0.1) ? 40 : 7) }, () => random.pick(words)).join(" "))

// ---------------------------------------------------------------------------
// commands
// ---------------------------------------------------------------------------

interface Draft {
  readonly name: string
  readonly adapter: string
  readonly [key: string]: any
}

interface Context {
  readonly name: string
  readonly adapter: string
  readonly service: { readonly rust?: any; readonly service?: any } | undefined
  readonly options: RandomSpecOptions
  /** Taken within the service: one name means one thing there. */
  readonly typeNames: Set<string>
  readonly failures: Map<string, any>
  /** The commands of the same service, or folder, that come before. */
  readonly earlier: ReadonlyArray<Draft>
  /** Commands of other folders. */
  readonly drafts: ReadonlyArray<Draft>
}

const rustAdapters = new Set(["rust-ipc", "sidecar", "trait-only"])

const serviceOf = (random: Random, folder: string, adapter: string): Context["service"] => {
  const rust = rustAdapters.has(adapter)
  if (!rust && (adapter !== "server-only" || random.chance(0.6))) return undefined
  const others = (["Lifecycle", "MetricsEmitter", "Configurable"] as const).filter(() => random.chance(0.4))
  const block = {
    module: `modules/${folder.replace(/([A-Z])/g, "-$1").toLowerCase()}`,
    traits: ["ManagedService", ...others],
    ...(random.chance(0.5) ? { command_prefix: `${folder}/` } : {}),
    ...(rust && random.chance(0.2) ? { imports: ["opbus_core::PressureLevel"] } : {})
  }
  return rust ? { rust: block } : { service: block }
}

const modesOf = (adapter: string): ReadonlyArray<"sync" | "async" | "stream"> =>
  adapter === "sidecar" || adapter === "full-stack" ? ["async", "stream"] : ["sync", "async", "stream"]

const makeDraft = (random: Random, context: Context): Draft => {
  const { adapter, options } = context
  const modes = modesOf(adapter).filter((mode) => options.modes?.includes(mode) !== false)
  const mode = random.pick(modes)
  const types = makeTypes(random, context)
  const environment = adapter === "browser-only"
    ? "browser"
    : adapter === "full-stack"
    ? "both"
    : adapter === "json-schema" || adapter === "python" || adapter === "trait-only"
    ? random.pick(["server", "browser", "both"])
    : "server"
  const named = makeNamer()
  const list = (most: number, result: boolean) =>
    Array.from({ length: random.int(result ? 1 : 0, most) }, () => ({
      name: named(random, result),
      ...field(random, types, options)
    }))
  const params = list(6, false)
  const results = list(6, true)
  const errors = failuresOf(random, types, context)
  return {
    version: 2,
    name: context.name,
    description: sentence(random, options),
    environment,
    adapter,
    ...(random.chance(0.5) ? { accessLevel: random.pick(["ai-safe", "operator", "notes:write", "admin"]) } : {}),
    ...(random.chance(0.2) && mode === "async" ? {} : { mode }),
    ...(adapter === "rust-ipc" && random.chance(0.4)
      ? { transport: random.pick(["positional", "json", "bytes"]) }
      : {}),
    ...(random.chance(0.4) ? { idempotent: random.chance(0.7) } : {}),
    ...(random.chance(0.5) ? { effects: random.pick(["read", "write", "irreversible"]) } : {}),
    ...context.service,
    ...(types.own.size > 0 ? { types: Object.fromEntries(types.own) } : {}),
    params,
    results,
    ...(errors.length > 0 ? { errors: Object.fromEntries(errors) } : {})
  }
}

/** Names within one object, distinct in every convention. */
const makeNamer = () => {
  const taken = new Map<boolean, Set<string>>([[true, new Set()], [false, new Set()]])
  return (random: Random, which = false) => fresh(taken.get(which)!, () => fieldName(random))
}

const failuresOf = (random: Random, types: Types, context: Context): ReadonlyArray<readonly [string, any]> => {
  const found: Array<readonly [string, any]> = []
  for (const [name, failure] of context.failures) if (random.chance(0.4)) found.push([name, failure])
  const count = random.int(0, 2)
  for (let i = 0; i < count; i++) {
    const name = fresh(
      context.typeNames,
      () => `${capital(random.pick(nouns))}${random.pick(["NotFound", "Refused", "Broken"])}`
    )
    const named = makeNamer()
    const fields = Array.from(
      { length: random.int(0, 3) },
      () => [errorField(named, random), field(random, { ...types, names: [], foreign: [] }, context.options)] as const
    )
    const failure = {
      ...(random.chance(0.7) ? { description: sentence(random, context.options) } : {}),
      ...(fields.length > 0 ? { fields: Object.fromEntries(fields) } : {})
    }
    context.failures.set(name, failure)
    found.push([name, failure])
  }
  return found
}

/** An error has properties of its own. */
const errorField = (named: (random: Random) => string, random: Random): string => {
  while (true) {
    const name = named(random)
    if (name !== "name" && name !== "cause" && name !== "message") return name
  }
}

// ---------------------------------------------------------------------------
// types
// ---------------------------------------------------------------------------

interface Types {
  readonly own: Map<string, any>
  /** What a field may name. */
  readonly names: Array<string>
  /** Types of other specs, with the spec's name. */
  readonly foreign: ReadonlyArray<string>
  readonly recursive: Set<string>
}

/** They make no TypeScript that others could import from. */
const withoutTypes = new Set(["trait-only", "json-schema", "c-header", "python"])

const makeTypes = (random: Random, context: Context): Types => {
  const foreign = [...context.earlier, ...context.drafts.filter(() => random.chance(0.03))]
    .filter((draft) => !withoutTypes.has(draft.adapter) || draft.adapter === context.adapter)
    .flatMap((draft) => Object.keys(draft["types"] ?? {}).map((name) => `${draft.name}.${name}`))
    .filter((qualified) =>
      context.earlier.some((draft) => qualified.startsWith(`${draft.name}.`)) || random.chance(0.3)
    )
  const inner = foreign.filter((qualified) => context.earlier.some((draft) => qualified.startsWith(`${draft.name}.`)))
  const outer = foreign.filter((qualified) => !inner.includes(qualified) && take(context, qualified))
  const types: Types = { own: new Map(), names: [], foreign: [...inner, ...outer], recursive: new Set() }
  const count = random.int(0, 4)
  for (let i = 0; i < count; i++) {
    const name = fresh(context.typeNames, () => typeName(random))
    types.own.set(name, declaration(random, name, types, context.options))
    types.names.push(name)
  }
  return types
}

/** One type of each name is borrowed: two of different specs would be one name with two meanings. */
const take = (context: Context, qualified: string): boolean => {
  const name = qualified.slice(qualified.indexOf(".") + 1).toLowerCase()
  const free = !context.typeNames.has(name)
  context.typeNames.add(name)
  return free
}

const described = (random: Random, options: RandomSpecOptions) =>
  random.chance(0.6) ? { description: sentence(random, options) } : {}

const declaration = (random: Random, name: string, types: Types, options: RandomSpecOptions): any => {
  const kind = random.int(0, 9)
  if (kind < 4) {
    const fields = someFields(random, 1, 5, types, options)
    // A tree: itself, through something that may be empty.
    if (random.chance(0.3)) {
      fields["children"] = { type: random.pick([`${name}[]`, `Record<string, ${name}>`, `${name} | null`]) }
      if (random.chance(0.4)) fields["parent"] = { type: name, optional: true }
    }
    return { ...described(random, options), fields }
  }
  if (kind < 6) {
    const values = enumValues(random, options)
    return {
      ...described(random, options),
      enum: random.chance(0.7) ? values : Object.fromEntries(values.map((value) => [value, sentence(random, options)]))
    }
  }
  if (kind < 8) {
    const variants = new Set<string>()
    const union: Record<string, any> = {}
    const count = random.int(2, 4)
    const discriminator = random.chance(0.6) ? undefined : random.pick(["kind", "variant"])
    for (let i = 0; i < count; i++) {
      const variant = fresh(variants, () => random.chance(0.8) ? capital(random.pick(nouns)) : random.pick(nouns))
      const fields = someFields(random, 0, 3, types, options)
      if (i > 0 && random.chance(0.3)) fields["inner"] = { type: random.pick([name, `${name}[]`, `${name} | null`]) }
      union[variant] = { ...described(random, options), fields }
    }
    return { ...described(random, options), union, ...(discriminator === undefined ? {} : { discriminator }) }
  }
  const { type, constraints } = constrained(random)
  return {
    ...described(random, options),
    ...(random.chance(0.6) ? { type, ...constraints } : { type: typeText(random, types, 2) })
  }
}

const enumValues = (random: Random, options: RandomSpecOptions): ReadonlyArray<string> => {
  const values = new Set<string>()
  const count = random.int(1, 5)
  const style = random.int(0, 2)
  const nasty = random.chance(options.nasty === undefined ? 0.05 : options.nasty ? 0.4 : 0)
  const found: Array<string> = []
  for (let i = 0; i < count; i++) {
    const value = fresh(values, () => {
      const parts = [random.pick(adjectives), ...(random.chance(0.4) ? [random.pick(nouns)] : [])]
      return style === 0 ? parts.join("-") : style === 1 ? parts.join("_").toUpperCase() : parts.map(capital).join("")
    })
    found.push(nasty && i === 0 ? `${value} 'quoted' \\ "x"` : value)
  }
  return found
}

/** Names that declarations add themselves. */
const spoken = new Set(["children", "parent", "inner", "kind", "variant"])

const someFields = (
  random: Random,
  least: number,
  most: number,
  types: Types,
  options: RandomSpecOptions
): Record<string, any> => {
  const named = makeNamer()
  const fields: Record<string, any> = {}
  const count = random.int(least, most)
  for (let i = 0; i < count; i++) {
    const name = named(random)
    if (!spoken.has(name)) fields[name] = field(random, types, options)
  }
  if (least > 0 && Object.keys(fields).length === 0) fields["id"] = { type: "string" }
  return fields
}

const field = (random: Random, types: Types, options: RandomSpecOptions): any => {
  const { type, constraints } = random.chance(0.3)
    ? constrained(random)
    : { type: typeText(random, types, 2), constraints: {} }
  return {
    type,
    ...described(random, options),
    ...(random.chance(0.25) ? { optional: true } : {}),
    ...(random.chance(0.06) ? { sensitive: true } : {}),
    ...constraints
  }
}

const primitives = [
  "string",
  "string",
  "string",
  "boolean",
  "number",
  "integer",
  "int32",
  "uint32",
  "int64",
  "uint64",
  "bytes",
  "timestamp",
  "json"
]

const typeText = (random: Random, types: Types, depth: number): string => {
  const kind = random.int(0, depth === 0 ? 6 : 11)
  if (kind < 4) return random.pick(primitives)
  if (kind < 6) {
    const names = [...types.names, ...types.foreign]
    return names.length === 0 ? random.pick(["PressureLevel", "string", "HealthStatus"]) : random.pick(names)
  }
  if (kind === 6) {
    const named = new Set<string>()
    return Array.from({ length: random.int(1, 4) }, () => `'${fresh(named, () => random.pick(adjectives))}'`).join(
      " | "
    )
  }
  const inner = typeText(random, types, depth - 1)
  if (kind === 7 || kind === 8) return random.chance(0.5) ? `(${inner})[]` : `Array<${inner}>`
  if (kind === 9) return `Record<string, ${inner}>`
  return `${inner} | null`
}

const constrained = (random: Random): { readonly type: string; readonly constraints: any } => {
  switch (random.int(0, 6)) {
    case 0: {
      const minLength = random.int(0, 3)
      return {
        type: "string",
        constraints: { minLength, ...(random.chance(0.7) ? { maxLength: minLength + random.int(0, 20) } : {}) }
      }
    }
    case 1:
      return {
        type: random.pick(["string", "string | null"]),
        constraints: { pattern: random.pick([...samplePatterns.keys()]) }
      }
    case 2: {
      const minimum = random.int(-100, 100) / 4
      return {
        type: "number",
        constraints: { minimum, ...(random.chance(0.5) ? { maximum: minimum + random.int(1, 50) } : {}) }
      }
    }
    case 3:
      return {
        type: random.pick(["number", "integer", "int32"]),
        constraints: { exclusiveMinimum: random.int(-10, 0), exclusiveMaximum: random.int(2, 10) }
      }
    case 4: {
      const minimum = random.int(0, 100)
      return {
        type: random.pick(["uint32", "integer", "int64", "uint64", "int32 | null"]),
        constraints: { minimum, maximum: minimum + random.int(0, 1000) }
      }
    }
    case 5: {
      const minItems = random.int(0, 2)
      return {
        type: `${random.pick(["string", "integer", "boolean", "timestamp"])}[]`,
        constraints: { ...(random.chance(0.5) ? { minItems } : {}), maxItems: minItems + random.int(0, 4) }
      }
    }
    default:
      return { type: "string", constraints: { maxLength: random.int(1, 64) } }
  }
}

// ---------------------------------------------------------------------------
// values: defaults and examples
// ---------------------------------------------------------------------------

/** Defaults and examples need the types resolved: they are put in afterwards. */
const withValues = (
  seed: number,
  files: ReadonlyArray<RandomFile>,
  options: RandomSpecOptions
): ReadonlyArray<RandomFile> => {
  const random = makeRandom(seed + 0x5bd1)
  const draft = resolveRandom(files)
  const bySpec = new Map(draft.commands.map((command) => [command.name, command]))
  const drafted = makeRandomValues(draft.commands)
  const withDefaults = files.map(({ source, spec }): RandomFile => {
    const command = bySpec.get(spec.name)!
    const fill = (fields: ReadonlyArray<any> | undefined, own: ReadonlyArray<SpecIr.Field>) =>
      fields?.map((field, i) => {
        const { type, constraints } = own[i]!
        if (field.optional === true || !random.chance(0.15)) return field
        return { ...field, default: drafted.value(random.int(0, 1e9), command, type, constraints) }
      })
    return {
      source,
      spec: {
        ...spec,
        params: fill(spec.params, command.params.fields)!,
        results: fill(spec.results, command.result.fields)!
      }
    }
  })
  if (options.examples === false) return withDefaults
  const resolved = resolveRandom(withDefaults)
  const commands = new Map(resolved.commands.map((command) => [command.name, command]))
  const values = makeRandomValues(resolved.commands)
  return withDefaults.map(({ source, spec }): RandomFile => {
    const command = commands.get(spec.name)!
    const examples = Array.from({ length: random.int(0, 3) }, () => example(random, command, values, options))
    return { source, spec: examples.length === 0 ? spec : { ...spec, examples } }
  })
}

const example = (random: Random, command: SpecIr.Command, values: RandomValues, options: RandomSpecOptions): any => {
  const value = () => random.int(0, 1e9)
  const params = random.chance(0.9) ? { params: values.params(value(), command) } : {}
  const head = {
    ...described(random, options),
    ...(random.chance(0.3) ? { command: `opbus invoke ${command.key} '{}'` } : {}),
    ...params
  }
  const failure = random.chance(0.3) ? values.failure(value(), command) : undefined
  if (!("params" in head)) return { ...head, command: `opbus describe ${command.key}` }
  if (failure !== undefined) return { ...head, error: failure }
  if (random.chance(0.2)) return head
  const result = command.mode === "stream"
    ? Array.from({ length: random.int(0, 3) }, () => values.result(value(), command))
    : values.result(value(), command)
  return { ...head, result }
}

type RandomValues = ReturnType<typeof makeRandomValues>
