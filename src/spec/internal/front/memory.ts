/**
 * Remembers what was made of objects for as long as those are the same.
 *
 * Resolving looks at all specs of a project, however few have changed. What depends on one spec and on those that it names is
 * made once, and made again when one of them is another object.
 *
 * @internal
 */
export class Memory<in K extends object, V> {
  readonly #known = new WeakMap<K, readonly [parts: ReadonlyArray<unknown>, value: V]>()

  get(key: K, parts: ReadonlyArray<unknown>): V | undefined {
    const known = this.#known.get(key)
    return known !== undefined && same(known[0], parts) ? known[1] : undefined
  }

  set(key: K, parts: ReadonlyArray<unknown>, value: V): V {
    this.#known.set(key, [parts, value])
    return value
  }
}

const same = (a: ReadonlyArray<unknown>, b: ReadonlyArray<unknown>): boolean =>
  a.length === b.length && a.every((part, i) => part === b[i])
