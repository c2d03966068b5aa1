/**
 * The intermediate representation of the spec compiler: what adapters see.
 *
 * It is what a spec says after everything has been looked up: every name is resolved, every inline enum has a name, every
 * default is filled in. Adapters turn it into files; they never see the JSON of a spec, so a new version of the format
 * costs the front end only.
 *
 * **Invariants**
 *
 * - Every `Ref` of a command names one of its `declarations`, or is `foreign` or `external`.
 * - `declarations` are ordered so that a declaration comes after those that it refers to, but for recursion, which
 *   `recursive` marks.
 * - Two commands of a module that declare the same name declare the same thing.
 *
 * @since 0.1.0
 */

/**
 * A JSON value.
 *
 * @category models
 * @since 0.1.0
 */
export type Json = null | boolean | number | string | ReadonlyArray<Json> | { readonly [key: string]: Json }

/**
 * The types that are not made of others.
 *
 * @category models
 * @since 0.1.0
 */
export type Primitive =
  | "string"
  | "boolean"
  | "number"
  | "integer"
  | "int32"
  | "uint32"
  | "int64"
  | "uint64"
  | "bytes"
  | "timestamp"
  | "json"

/**
 * A type, where it is used.
 *
 * @category models
 * @since 0.1.0
 */
export type Type =
  | { readonly _tag: "Primitive"; readonly name: Primitive }
  | { readonly _tag: "Array"; readonly item: Type }
  | { readonly _tag: "Record"; readonly value: Type }
  | { readonly _tag: "Nullable"; readonly inner: Type }
  | {
    readonly _tag: "Ref"
    readonly name: string
    /** The spec that declares it, when it is another one: `"search/query"`. */
    readonly foreign?: string
    /** What is neither a spec's nor built into the compiler: where each language finds it. */
    readonly external?: External
  }

/**
 * Where a type that no spec declares comes from.
 *
 * @category models
 * @since 0.1.0
 */
export interface External {
  /** A module that exports a schema of this name; relative to the project's root, or a package. */
  readonly typescript?: string
  /** A path such as `opbus_core::PressureLevel`; its type implements `Wire` and `Json`. */
  readonly rust?: string
  /** Its shape, where it is known: adapters for other languages need it. */
  readonly declaration?: Declaration
}

/**
 * What a value has to fulfil besides its type.
 *
 * @category models
 * @since 0.1.0
 */
export interface Constraints {
  readonly minimum?: number
  readonly maximum?: number
  readonly exclusiveMinimum?: number
  readonly exclusiveMaximum?: number
  readonly minLength?: number
  readonly maxLength?: number
  /** A regular expression without flags but `u`. */
  readonly pattern?: string
  readonly minItems?: number
  readonly maxItems?: number
}

/**
 * A field of a struct, a variant, or an error.
 *
 * @category models
 * @since 0.1.0
 */
export interface Field {
  readonly name: string
  readonly type: Type
  readonly description?: string
  /** The key may be absent. A field with a default may be absent on the encoded side only. */
  readonly optional: boolean
  /** On the encoded side. */
  readonly default?: Json
  readonly constraints: Constraints
  readonly sensitive: boolean
}

/**
 * An object with named fields.
 *
 * @category models
 * @since 0.1.0
 */
export interface Struct {
  readonly _tag: "Struct"
  readonly name: string
  readonly description?: string
  readonly fields: ReadonlyArray<Field>
  /** It contains itself, through whatever chain of declarations. */
  readonly recursive: boolean
}

/**
 * One of several strings.
 *
 * @category models
 * @since 0.1.0
 */
export interface Enum {
  readonly _tag: "Enum"
  readonly name: string
  readonly description?: string
  readonly values: ReadonlyArray<{ readonly value: string; readonly description?: string }>
  /** Written as `'a' | 'b'` in a field; the compiler has named it after the command (or type) and the field. */
  readonly inline: boolean
}

/**
 * One of several structs, told apart by a field.
 *
 * @category models
 * @since 0.1.0
 */
export interface Union {
  readonly _tag: "Union"
  readonly name: string
  readonly description?: string
  /** The name of the field that holds the variant's name; `"_tag"` unless the spec says otherwise. */
  readonly discriminator: string
  readonly variants: ReadonlyArray<{
    readonly name: string
    readonly description?: string
    readonly fields: ReadonlyArray<Field>
  }>
  readonly recursive: boolean
}

/**
 * A name for another type, with constraints.
 *
 * @category models
 * @since 0.1.0
 */
export interface Alias {
  readonly _tag: "Alias"
  readonly name: string
  readonly description?: string
  readonly type: Type
  readonly constraints: Constraints
  readonly recursive: boolean
}

/**
 * A named type.
 *
 * @category models
 * @since 0.1.0
 */
export type Declaration = Struct | Enum | Union | Alias

/**
 * A failure that callers can expect.
 *
 * @category models
 * @since 0.1.0
 */
export interface Failure {
  readonly name: string
  readonly description?: string
  readonly fields: ReadonlyArray<Field>
}

/**
 * A call and what comes of it, all on the encoded side.
 *
 * @category models
 * @since 0.1.0
 */
export interface Example {
  readonly description?: string
  readonly command?: string
  readonly params?: Json
  /** For a stream: the elements, in order. */
  readonly result?: Json
  readonly error?: Json
}

/**
 * The resource-owning service that a command belongs to.
 *
 * @category models
 * @since 0.1.0
 */
export interface Service {
  /** The last segment of `path`, for example `"gpu"` or `"model-pool"`. */
  readonly name: string
  /** As in the spec: `"modules/gpu"`. */
  readonly path: string
  /** Where it is implemented. */
  readonly language: "rust" | "typescript"
  readonly traits: ReadonlyArray<Trait>
  readonly commandPrefix?: string
  readonly imports: ReadonlyArray<string>
}

/**
 * The contracts that a service can fulfil.
 *
 * @category models
 * @since 0.1.0
 */
export type Trait = "ManagedService" | "Lifecycle" | "MetricsEmitter" | "Configurable"

/**
 * One command: what a spec file says.
 *
 * @category models
 * @since 0.1.0
 */
export interface Command {
  /** As in the spec: `"gpu/stats"`. */
  readonly name: string
  /** The key of its operation: `"gpu.stats"`. */
  readonly key: string
  readonly description: string
  readonly environment: "server" | "browser" | "both"
  readonly adapter: string
  readonly accessLevel?: string
  readonly mode: "sync" | "async" | "stream"
  readonly transport: "positional" | "json" | "bytes"
  readonly idempotent: boolean
  readonly effects: "read" | "write" | "irreversible"
  /** Named `<Command>Params`; for example `GpuStatsParams`. */
  readonly params: Struct
  /** Named `<Command>Result`; for a stream, one element. */
  readonly result: Struct
  readonly failures: ReadonlyArray<Failure>
  /** All types that the spec declares, inline enums included; without `params` and `result`. */
  readonly declarations: ReadonlyArray<Declaration>
  readonly examples: ReadonlyArray<Example>
  readonly service?: Service
  /** The spec file, relative to the project's root, with forward slashes. */
  readonly source: string
  /** sha-256 of the canonical spec, in hex. */
  readonly hash: string
}

/**
 * All commands of one service.
 *
 * @category models
 * @since 0.1.0
 */
export interface Module {
  readonly service: Service
  /** In the order of their names; a command's position is its number in the native dispatch. */
  readonly commands: ReadonlyArray<Command>
  /** Of all commands, each name once. */
  readonly declarations: ReadonlyArray<Declaration>
  readonly failures: ReadonlyArray<Failure>
  /** sha-256 over what crosses the border: names, modes, transports and types of all commands. */
  readonly hash: string
}
