/**
 * The types that a spec may name without declaring them: those that both sides come with, and those of the project.
 *
 * @since 0.1.0
 */
import { suggest } from "../operation/internal/suggest.ts"
import { primitives } from "./internal/front/typeParser.ts"
import type { Declaration, External } from "./SpecIr.ts"

/**
 * Knows types by their names.
 *
 * @category models
 * @since 0.1.0
 */
export interface TypeRegistry {
  readonly get: (name: string) => External | undefined
  readonly names: ReadonlyArray<string>
  /** What a mistyped name may have meant, among these types, the primitives and the other names given. */
  readonly suggest: (name: string, others: Iterable<string>) => ReadonlyArray<string>
}

const text = { _tag: "Primitive", name: "string" } as const

const reason = { name: "reason", type: text, optional: false, constraints: {}, sensitive: false } as const

const pressureLevel: Declaration = {
  _tag: "Enum",
  name: "PressureLevel",
  description: "How scarce memory is",
  values: [{ value: "normal" }, { value: "warning" }, { value: "high" }, { value: "critical" }],
  inline: false
}

const healthStatus: Declaration = {
  _tag: "Union",
  name: "HealthStatus",
  description: "How a service is, by its own word",
  discriminator: "_tag",
  variants: [
    { name: "Healthy", fields: [] },
    { name: "Degraded", fields: [reason] },
    { name: "Unhealthy", fields: [reason] }
  ],
  recursive: false
}

const builtin: ReadonlyArray<readonly [name: string, external: External]> = [
  ["PressureLevel", {
    typescript: "opbus/native/PressureLevel",
    rust: "opbus_core::PressureLevel",
    declaration: pressureLevel
  }],
  ["HealthStatus", {
    typescript: "opbus/native/HealthStatus",
    rust: "opbus_core::HealthStatus",
    declaration: healthStatus
  }]
]

/**
 * Makes a registry of the built-in types and of those that a project names in `types` of `opbus.config.json`.
 *
 * **When to use**
 *
 * Use to compile specs that speak of types of existing code: an operation's schema, or a Rust type.
 *
 * **Details**
 *
 * A built-in name keeps its meaning, whatever the project says.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (
  types: Iterable<readonly [name: string, external: External]> = []
): TypeRegistry => {
  const known = new Map<string, External>([...types, ...builtin])
  return {
    get: (name) => known.get(name),
    names: [...known.keys()].sort(),
    suggest: (name, others) => suggest(name, new Set([...others, ...known.keys(), ...primitives]))
  }
}

/**
 * The registry of the built-in types alone.
 *
 * @category constructors
 * @since 0.1.0
 */
export const empty: TypeRegistry = make()
