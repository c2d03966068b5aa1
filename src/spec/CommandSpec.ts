/**
 * The format of a spec, version 2: one JSON file says what a command is, in every language.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

/**
 * How names are written.
 *
 * @category constants
 * @since 0.1.0
 */
export const patterns = {
  /** Segments in kebab-case or camelCase, at least two: `gpu/stats`. */
  command: /^[a-z][a-zA-Z0-9]*(?:-[a-z0-9]+)*(?:\/[a-z][a-zA-Z0-9]*(?:-[a-z0-9]+)*)+$/u,
  /** Types and errors: `SubsystemInfo`. */
  type: /^[A-Z][A-Za-z0-9]*$/u,
  /** Fields: `budgetMb`. */
  field: /^[a-zA-Z][A-Za-z0-9]*(?:_[A-Za-z0-9]+)*$/u,
  /** Variants of a union: `Circle` or `circle`. */
  variant: /^[A-Za-z][A-Za-z0-9]*$/u,
  /** The field that tells variants apart: `_tag` or `kind`. */
  discriminator: /^(?:_tag|[a-zA-Z][A-Za-z0-9]*(?:_[A-Za-z0-9]+)*)$/u,
  adapter: /^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/u,
  accessLevel: /^[A-Za-z][A-Za-z0-9._:/-]*$/u,
  /** The place of a service: `modules/gpu`. */
  module: /^[a-z][a-z0-9]*(?:[-_][a-z0-9]+)*(?:\/[a-z][a-z0-9]*(?:[-_][a-z0-9]+)*)*$/u,
  commandPrefix: /^(?:[a-z][a-zA-Z0-9]*(?:-[a-z0-9]+)*\/)+$/u,
  rustPath: /^[a-z_][a-z0-9_]*(?:::[A-Za-z_][A-Za-z0-9_]*)+$/u
} as const

const named = (pattern: RegExp, expected: string) =>
  Schema.String.check(
    Schema.isPattern(pattern, { expected }),
    Schema.isMaxLength(128, { expected: "128 characters at most" })
  )

const natural = Schema.Int.check(Schema.isGreaterThanOrEqualTo(0))

// ---------------------------------------------------------------------------
// fields and types
// ---------------------------------------------------------------------------

const constraints = {
  minimum: Schema.optionalKey(Schema.Finite),
  maximum: Schema.optionalKey(Schema.Finite),
  exclusiveMinimum: Schema.optionalKey(Schema.Finite),
  exclusiveMaximum: Schema.optionalKey(Schema.Finite),
  minLength: Schema.optionalKey(natural),
  maxLength: Schema.optionalKey(natural),
  pattern: Schema.optionalKey(Schema.String.annotate({
    description: "A regular expression for the flag u, of what every language knows: no look-around, no back references"
  })),
  minItems: Schema.optionalKey(natural),
  maxItems: Schema.optionalKey(natural)
}

const description = Schema.optionalKey(Schema.String)

const type = Schema.String.annotate({
  description: "string boolean number integer int32 uint32 int64 uint64 bytes timestamp json, 'a' | 'b', T[], " +
    "Record<string, T>, T | null, a name from \"types\", or other/spec.Name"
})

const field = {
  type,
  description,
  optional: Schema.optionalKey(Schema.Boolean),
  default: Schema.optionalKey(
    Schema.Json.annotate({ description: "On the JSON side; the field may then be absent there" })
  ),
  sensitive: Schema.optionalKey(Schema.Boolean.annotate({ description: "Hidden in logs, events and stores" })),
  ...constraints
}

/**
 * A field of a struct, a variant or an error.
 *
 * @category schemas
 * @since 0.1.0
 */
export const FieldSpec = Schema.Struct(field).annotate({ identifier: "Field" })

/**
 * A field of a struct, a variant or an error.
 *
 * @category models
 * @since 0.1.0
 */
export type FieldSpec = typeof FieldSpec.Type

const Fields = Schema.Record(Schema.String, FieldSpec)

/**
 * A parameter or a result: a field with its name.
 *
 * @category schemas
 * @since 0.1.0
 */
export const NamedFieldSpec = Schema.Struct({
  name: named(patterns.field, "a name such as budgetMb: letters and digits"),
  ...field
}).annotate({ identifier: "NamedField" })

/**
 * A parameter or a result: a field with its name.
 *
 * @category models
 * @since 0.1.0
 */
export type NamedFieldSpec = typeof NamedFieldSpec.Type

/**
 * An object with named fields.
 *
 * @category schemas
 * @since 0.1.0
 */
export const StructSpec = Schema.Struct({ description, fields: Fields }).annotate({ identifier: "Struct" })

/**
 * One of several strings; an object gives each its description.
 *
 * @category schemas
 * @since 0.1.0
 */
export const EnumSpec = Schema.Struct({
  description,
  enum: Schema.Union([Schema.Array(Schema.String), Schema.Record(Schema.String, Schema.String)])
}).annotate({ identifier: "Enum" })

/**
 * One of several structs, told apart by the field `discriminator`, by default `_tag`.
 *
 * @category schemas
 * @since 0.1.0
 */
export const UnionSpec = Schema.Struct({
  description,
  union: Schema.Record(Schema.String, StructSpec),
  discriminator: Schema.optionalKey(named(patterns.discriminator, "a name such as kind, or _tag"))
}).annotate({ identifier: "Union" })

/**
 * A name for another type, with constraints.
 *
 * @category schemas
 * @since 0.1.0
 */
export const AliasSpec = Schema.Struct({ description, type, ...constraints }).annotate({ identifier: "Alias" })

/**
 * A declaration of a type: the key `fields`, `enum`, `union` or `type` says which kind.
 *
 * @category schemas
 * @since 0.1.0
 */
export const TypeSpec = Schema.Union([StructSpec, EnumSpec, UnionSpec, AliasSpec])

/**
 * A declaration of a type.
 *
 * @category models
 * @since 0.1.0
 */
export type TypeSpec = typeof TypeSpec.Type

// ---------------------------------------------------------------------------
// the command
// ---------------------------------------------------------------------------

/**
 * What a service can promise, in the order of canonical specs.
 *
 * @category constants
 * @since 0.1.0
 */
export const traits = ["ManagedService", "Lifecycle", "MetricsEmitter", "Configurable"] as const

/**
 * The resource-owning service that a command belongs to.
 *
 * @category schemas
 * @since 0.1.0
 */
export const ServiceSpec = Schema.Struct({
  module: named(patterns.module, "a path such as modules/gpu"),
  traits: Schema.optionalKey(Schema.Array(Schema.Literals(traits))),
  command_prefix: Schema.optionalKey(named(patterns.commandPrefix, "the start of the command's name, such as gpu/")),
  imports: Schema.optionalKey(Schema.Array(named(patterns.rustPath, "a path such as opbus_core::PressureLevel")))
}).annotate({ identifier: "Service" })

/**
 * The resource-owning service that a command belongs to.
 *
 * @category models
 * @since 0.1.0
 */
export type ServiceSpec = typeof ServiceSpec.Type

/**
 * A failure that callers can expect.
 *
 * @category schemas
 * @since 0.1.0
 */
export const FailureSpec = Schema.Struct({ description, fields: Schema.optionalKey(Fields) }).annotate({
  identifier: "Error"
})

/**
 * A call and what comes of it, on the JSON side. Examples are run as tests.
 *
 * @category schemas
 * @since 0.1.0
 */
export const ExampleSpec = Schema.Struct({
  description,
  command: Schema.optionalKey(Schema.String.annotate({ description: "As one would type it" })),
  params: Schema.optionalKey(Schema.Json),
  result: Schema.optionalKey(Schema.Json.annotate({ description: "For a stream: the elements, in order" })),
  error: Schema.optionalKey(Schema.Json.annotate({ description: "With its _tag" }))
}).annotate({ identifier: "Example" })

/**
 * An example of a call.
 *
 * @category models
 * @since 0.1.0
 */
export type ExampleSpec = typeof ExampleSpec.Type

/**
 * A spec, version 2.
 *
 * **When to use**
 *
 * Use `SpecReader.parse` to read a spec, which says what is wrong with it in words; this schema is its shape.
 *
 * @category schemas
 * @since 0.1.0
 */
export const CommandSpec = Schema.Struct({
  $schema: Schema.optionalKey(Schema.String),
  version: Schema.Literal(2),
  name: named(patterns.command, "a name such as gpu/stats: two or more parts in kebab-case or camelCase"),
  description: Schema.String.check(Schema.isMinLength(1, { expected: "a description, in a few words" })),
  environment: Schema.optionalKey(
    Schema.Literals(["server", "browser", "both"]).annotate({
      description: "Where it runs; by default where its adapter puts it"
    })
  ),
  adapter: named(patterns.adapter, "the name of an adapter, such as server-only").annotate({
    description:
      "rust-ipc, sidecar, server-only, browser-only, full-stack, trait-only, json-schema, c-header, python, or one from npm"
  }),
  accessLevel: Schema.optionalKey(named(patterns.accessLevel, "a permission such as ai-safe")),
  mode: Schema.optionalKey(
    Schema.Literals(["sync", "async", "stream"]).annotate({
      description: "By default async. For a stream, the results describe one element"
    })
  ),
  transport: Schema.optionalKey(
    Schema.Literals(["positional", "json", "bytes"]).annotate({
      description: "How a call of the adapter rust-ipc crosses to Rust; by default positional, the fast way"
    })
  ),
  idempotent: Schema.optionalKey(
    Schema.Boolean.annotate({ description: "Invoking twice has the effect of invoking once; by default false" })
  ),
  effects: Schema.optionalKey(
    Schema.Literals(["read", "write", "irreversible"]).annotate({ description: "What it changes; by default write" })
  ),
  rust: Schema.optionalKey(ServiceSpec.annotate({ description: "The service in Rust that the command belongs to" })),
  service: Schema.optionalKey(
    ServiceSpec.annotate({ description: "The service in TypeScript that the command belongs to" })
  ),
  types: Schema.optionalKey(
    Schema.Record(Schema.String, TypeSpec).annotate({ description: "Declarations of types, by their names" })
  ),
  params: Schema.optionalKey(Schema.Array(NamedFieldSpec).annotate({ description: "In the order of marshalling" })),
  results: Schema.optionalKey(Schema.Array(NamedFieldSpec).annotate({ description: "In the order of marshalling" })),
  errors: Schema.optionalKey(
    Schema.Record(Schema.String, FailureSpec).annotate({ description: "Failures that callers can expect" })
  ),
  examples: Schema.optionalKey(Schema.Array(ExampleSpec).annotate({ description: "Run as tests" }))
}).annotate({ identifier: "CommandSpec" })

/**
 * A spec, version 2.
 *
 * @category models
 * @since 0.1.0
 */
export type CommandSpec = typeof CommandSpec.Type

// ---------------------------------------------------------------------------
// JSON Schema
// ---------------------------------------------------------------------------

/**
 * The format as JSON Schema (draft 2020-12), for editors: what `schemas/command-spec-2.json` of the package holds.
 *
 * **When to use**
 *
 * Use to check specs without opbus. It knows the shape only; what names mean, `SpecReader.resolve` says.
 *
 * @category schemas
 * @since 0.1.0
 */
export const jsonSchema = (): { readonly [keyword: string]: Schema.Json } => {
  const document = Schema.toJsonSchemaDocument(CommandSpec, { onExcessProperty: "error" })
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "opbus command spec, version 2",
    ...document.schema as { readonly [keyword: string]: Schema.Json },
    $defs: Object.fromEntries(
      Object.entries(document.definitions).map(([name, definition]) => [name, withKeys(definition) as Schema.Json])
    )
  }
}

/** How the keys of each record are written, which a schema of values does not say. */
const keys = new Map<string, RegExp>([
  ["fields", patterns.field],
  ["union", patterns.variant],
  ["types", patterns.type],
  ["errors", patterns.type]
])

const withKeys = (definition: { readonly properties?: unknown }): object => {
  const properties = Object.entries(definition.properties ?? {}).map(([key, value]) => {
    const pattern = keys.get(key)
    return [key, pattern === undefined ? value : { ...value as object, propertyNames: { pattern: pattern.source } }]
  })
  return { ...definition, properties: Object.fromEntries(properties) }
}
