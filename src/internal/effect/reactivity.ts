/**
 * The `effect/reactivity` modules opbus uses, so that an upstream rename costs
 * one file. Types and values, nothing added.
 *
 * @since 0.1.0
 */
export * as Atom from "effect/reactivity/Atom"
export * as Reactivity from "effect/reactivity/Reactivity"
