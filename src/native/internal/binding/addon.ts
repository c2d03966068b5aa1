import * as Predicate from "effect/Predicate"

/**
 * What an addon exports (`native/node/src/functions.rs`).
 *
 * @internal
 */
export interface Addon {
  readonly abi: number
  modules(): string
  attach(
    input: ArrayBuffer,
    output: ArrayBuffer,
    inputBytes: ArrayBuffer,
    outputBytes: ArrayBuffer,
    done?: (id: number, text: string | undefined) => void,
    nothing?: () => void
  ): void
  call(text: string): string | undefined
  start(text: string): void
  fetch(): void
  cancel(id: number): void
  release(instance: number): void
  close(stream: number): void
}

/** A module of an addon, by its own word. */
export interface ModuleInfo {
  readonly name: string
  readonly specHash: string
  readonly commands: ReadonlyArray<{ readonly name: string; readonly mode: "sync" | "async" | "stream" }>
}

const functions = ["modules", "attach", "call", "start", "fetch", "cancel", "release", "close"] as const

/** Whether something that was loaded is an addon of opbus, of whatever version. */
export const isAddon = (u: unknown): u is Addon =>
  Predicate.hasProperty(u, "abi") && typeof u.abi === "number" &&
  functions.every((name) => Predicate.hasProperty(u, name) && typeof u[name] === "function")
