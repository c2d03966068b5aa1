/**
 * What several places show is made, and followed, once.
 *
 * Invariant: it holds nothing that nobody else holds. What is rendered and thrown away leaves nothing behind.
 *
 * @internal
 */
export class Shared {
  private readonly known = new Map<string, WeakRef<object>>()
  private readonly gone = new FinalizationRegistry<string>((key) => {
    if (this.known.get(key)?.deref() === undefined) this.known.delete(key)
  })

  get<A extends object>(which: ReadonlyArray<unknown>, make: () => A): A {
    const key = JSON.stringify(which)
    const known = this.known.get(key)?.deref() as A | undefined
    if (known !== undefined) return known
    const made = make()
    this.known.set(key, new WeakRef(made))
    this.gone.register(made, key)
    return made
  }
}
