/**
 * Names in generated Rust.
 *
 * @since 0.1.0
 */
import * as NamingConventions from "../NamingConventions.ts"

/** Names that generated code relies on meaning what the prelude, or `opbus_core`, says; besides the reserved words. */
const taken = new Set(
  [
    "Default Clone Copy Debug PartialEq Eq PartialOrd Ord Hash Send Sync Sized Drop Fn FnMut FnOnce Unpin Extend",
    "Iterator IntoIterator FromIterator DoubleEndedIterator ExactSizeIterator From Into TryFrom TryInto AsRef AsMut",
    "ToString ToOwned Codec"
  ].join(" ").split(" ")
)

const legal = (name: string): string => name === "_" || name === "" ? "unnamed" : name

/**
 * The name of a field, an argument or a function.
 *
 * @category names
 * @since 0.1.0
 */
export const snake = (name: string): string => legal(NamingConventions.identifier(name, "snake", "rust"))

/**
 * The name of a type.
 *
 * @category names
 * @since 0.1.0
 */
export const type = (name: string): string => {
  const plain = /^[A-Z][A-Za-z0-9]*$/u.test(name) ? name : NamingConventions.pascal(name)
  const legal = /^\p{L}/u.test(plain) ? plain : `T${plain}`
  return taken.has(legal) || NamingConventions.isReserved(legal, "rust") ? `${legal}Type` : legal
}

/**
 * The name of a variant.
 *
 * @category names
 * @since 0.1.0
 */
export const variant = (name: string): string => {
  const plain = NamingConventions.pascal(name)
  const legal = /^\p{L}/u.test(plain) ? plain : `V${plain}`
  return legal === "Self" ? "SelfValue" : legal
}

/**
 * Gives every name a spelling of its own: what two of them would share gets a number.
 *
 * @category names
 * @since 0.1.0
 */
export const distinct = (names: ReadonlyArray<string>, spell: (name: string) => string): ReadonlyArray<string> => {
  const used = new Set<string>()
  return names.map((name) => {
    const plain = spell(name)
    const separator = /[0-9]$/u.test(plain) ? plain === plain.toLowerCase() ? "_" : "X" : ""
    let candidate = plain
    for (let n = 2; used.has(candidate); n++) candidate = `${plain}${separator}${n}`
    used.add(candidate)
    return candidate
  })
}
