import type { GeneratorContext } from "../../GeneratorAdapter.ts"

/** What was asked of a context, and the objects that were the answers. */
type Lookups = Map<string, readonly [ask: (context: GeneratorContext) => unknown, answer: unknown]>

interface Known<A> {
  readonly parts: ReadonlyArray<unknown>
  readonly seen: Lookups
  readonly value: A
}

/**
 * Remembers what was made of commands and services: for as long as those are the same objects, and so is everything that
 * making it has looked up.
 *
 * Objects stand for what they say: resolving gives the same command as long as its spec, and what that names, are the same.
 *
 * @internal
 */
export class Recollection<A> {
  readonly #known = new WeakMap<object, Known<A>>()

  /**
   * What was made of `key` before, or else what `make` gives. `parts` is what it is made of besides, asked again when it has
   * been made; a value that is not `isLasting` is forgotten at once.
   */
  get(options: {
    readonly key: object
    readonly parts?: () => ReadonlyArray<unknown>
    readonly context: GeneratorContext
    readonly make: (context: GeneratorContext) => A
    readonly isLasting?: (value: A) => boolean
  }): A {
    const { context, isLasting, key, make, parts = () => [] } = options
    const known = this.#known.get(key)
    if (known !== undefined && same(known.parts, parts()) && isCurrent(known.seen, context)) {
      return known.value
    }
    const seen: Lookups = new Map()
    const value = make(listening(context, seen))
    if (isLasting?.(value) === false) {
      this.#known.delete(key)
    } else {
      this.#known.set(key, { parts: parts(), seen, value })
    }
    return value
  }
}

const same = (a: ReadonlyArray<unknown>, b: ReadonlyArray<unknown>): boolean =>
  a.length === b.length && a.every((part, index) => part === b[index])

const isCurrent = (seen: Lookups, context: GeneratorContext): boolean => {
  for (const [ask, answer] of seen.values()) {
    if (ask(context) !== answer) {
      return false
    }
  }
  return true
}

const listening = (context: GeneratorContext, seen: Lookups): GeneratorContext => ({
  config: context.config,
  command: (name) => {
    const answer = context.command(name)
    seen.set(`command ${name}`, [(context) => context.command(name), answer])
    return answer
  },
  module: (path) => {
    const answer = context.module(path)
    seen.set(`module ${path}`, [(context) => context.module(path), answer])
    return answer
  }
})
