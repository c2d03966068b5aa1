/**
 * How names of a spec become names in the languages that it is compiled to.
 *
 * @since 0.1.0
 */

/**
 * The languages that have reserved words of their own here.
 *
 * @category models
 * @since 0.1.0
 */
export type Language = "typescript" | "rust" | "c" | "python"

/**
 * The conventions for writing several words as one name.
 *
 * @category models
 * @since 0.1.0
 */
export type Case = "camel" | "pascal" | "snake" | "constant" | "kebab"

/**
 * Splits a name into its words, in lower case: `budgetMb`, `budget-mb` and `BUDGET_MB` are the same two.
 *
 * **Details**
 *
 * A run of capitals is one word (`HTTPServer` is `http`, `server`); digits belong to the word before them. Whatever is
 * neither letter nor digit separates words.
 *
 * @category combinators
 * @since 0.1.0
 */
export const words = (name: string): ReadonlyArray<string> => {
  let found = known.get(name)
  if (found === undefined) {
    found = split(name)
    if (known.size >= maxKnown) {
      known.clear()
    }
    known.set(name, found)
  }
  return found
}

/** The same few thousand names are asked for again and again. */
const known = new Map<string, ReadonlyArray<string>>()
const maxKnown = 10_000

const split = (name: string): ReadonlyArray<string> =>
  name
    .replaceAll(/([\p{Ll}\p{N}])(\p{Lu})/gu, "$1 $2")
    .replaceAll(/(\p{Lu})(\p{Lu}\p{Ll})/gu, "$1 $2")
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== "")
    .map((word) => word.toLowerCase())

const capitalised = (word: string): string => {
  const first = String.fromCodePoint(word.codePointAt(0)!)
  return first.toUpperCase() + word.slice(first.length)
}

/**
 * Writes a name as `budgetMb`.
 *
 * @category combinators
 * @since 0.1.0
 */
export const camel = (name: string): string =>
  words(name).map((word, index) => index === 0 ? word : capitalised(word)).join("")

/**
 * Writes a name as `BudgetMb`.
 *
 * @category combinators
 * @since 0.1.0
 */
export const pascal = (name: string): string => words(name).map(capitalised).join("")

/**
 * Writes a name as `budget_mb`.
 *
 * @category combinators
 * @since 0.1.0
 */
export const snake = (name: string): string => words(name).join("_")

/**
 * Writes a name as `BUDGET_MB`.
 *
 * @category combinators
 * @since 0.1.0
 */
export const constant = (name: string): string => snake(name).toUpperCase()

/**
 * Writes a name as `budget-mb`.
 *
 * @category combinators
 * @since 0.1.0
 */
export const kebab = (name: string): string => words(name).join("-")

/**
 * Writes a name in one of the conventions.
 *
 * @category combinators
 * @since 0.1.0
 */
export const convert = (name: string, style: Case): string => styles[style](name)

const styles: { readonly [style in Case]: (name: string) => string } = { camel, pascal, snake, constant, kebab }

/**
 * The name of a command's class: `gpu/stats` becomes `GpuStats`.
 *
 * @category combinators
 * @since 0.1.0
 */
export const typeName = (command: string): string => pascal(command)

/**
 * The key of a command's operation: `model-pool/load` becomes `modelPool.load`.
 *
 * @category combinators
 * @since 0.1.0
 */
export const operationKey = (command: string): string => command.split("/").map(camel).join(".")

/**
 * Tells whether a name is reserved in a language: by the language itself, or by what generated code needs.
 *
 * @category guards
 * @since 0.1.0
 */
export const isReserved = (name: string, language: Language): boolean => reserved[language].has(name)

/**
 * The words that a language reserves, generated code's own names included.
 *
 * @category combinators
 * @since 0.1.0
 */
export const reservedWords = (language: Language): ReadonlySet<string> => reserved[language]

/**
 * Makes a name usable in a language: a reserved word gets an underscore at its end (`r#type` would read differently in every
 * language), one that starts with a digit or is empty gets one in front.
 *
 * @category combinators
 * @since 0.1.0
 */
export const escape = (name: string, language: Language): string => {
  const started = name === "" || /^\p{N}/u.test(name) ? `_${name}` : name
  return reserved[language].has(started) ? `${started}_` : started
}

/**
 * Writes a name in a convention, usable in a language.
 *
 * @category combinators
 * @since 0.1.0
 */
export const identifier = (name: string, style: Case, language: Language): string =>
  escape(convert(name, style), language)

/**
 * Finds the names that are one and the same after conversion, as groups of two and more.
 *
 * **When to use**
 *
 * Use before code is generated: `fooBar` and `foo_bar` are two fields in JSON and one in Rust.
 *
 * @category combinators
 * @since 0.1.0
 */
export const collisions = (
  names: Iterable<string>,
  style: Case,
  language: Language
): ReadonlyArray<{ readonly identifier: string; readonly names: ReadonlyArray<string> }> => {
  const groups = new Map<string, Array<string>>()
  for (const name of new Set(names)) {
    const converted = identifier(name, style, language)
    const group = groups.get(converted)
    if (group === undefined) {
      groups.set(converted, [name])
    } else {
      group.push(name)
    }
  }
  return [...groups].filter(([, names]) => names.length > 1).map(([identifier, names]) => ({ identifier, names }))
}

/**
 * Gives each name an identifier of its own, in their order: what would collide is numbered.
 *
 * **When to use**
 *
 * Use for the values of an enum, which may be any strings.
 *
 * @category combinators
 * @since 0.1.0
 */
export const distinct = (
  names: Iterable<string>,
  style: Case,
  language: Language
): ReadonlyMap<string, string> => {
  const identifiers = new Map<string, string>()
  const taken = new Set<string>()
  for (const name of names) {
    const first = identifier(name, style, language)
    let free = first
    for (let number = 2; taken.has(free); number++) {
      free = `${first}${style === "snake" || style === "constant" ? "_" : ""}${number}`
    }
    taken.add(free)
    identifiers.set(name, free)
  }
  return identifiers
}

const list = (text: string): ReadonlyArray<string> => text.trim().split(/\s+/)

const reserved: { readonly [language in Language]: ReadonlySet<string> } = {
  typescript: new Set(list(`
    any arguments as async await boolean break case catch class const continue debugger declare default delete do else enum
    eval export extends false finally for from function get if implements import in instanceof interface is keyof let
    module namespace never new null number object of package private protected public readonly require return set static
    string super switch symbol this throw true try type typeof undefined unique unknown var void while with yield bigint
    NaN Infinity globalThis
    Array Object Record ReadonlyArray Uint8Array Promise RegExp Error TypeError String Extract ConstructorParameters Mutable
    Schema Effect Layer Stream Context DateTime Operation OperationInvoker OperationRegistry InvokeOptions
    ServiceUnavailable ServiceDefinition PressureLevel HealthStatus NativeService NativeCodec NativeModule NodeNativeModule
    TypeScriptService Sidecar SidecarProcess NodeSidecar ManagedService SpecSource SpecTypes
  `)),
  rust: new Set(list(`
    as async await break const continue crate dyn else enum extern false fn for if impl in let loop match mod move mut pub
    ref return self Self static struct super trait true type unsafe use where while abstract become box do final gen macro
    override priv try typeof unsized virtual yield union
    Option Some None Result Ok Err Vec String Box BTreeMap Value Timestamp CallContext StreamSource ManagedService Lifecycle
    MetricsEmitter Configurable ServiceModule ModuleFactory HealthStatus PressureLevel
  `)),
  c: new Set(list(`
    alignas alignof auto bool break case char const constexpr continue default do double else enum extern false float for
    goto if inline int long nullptr register restrict return short signed sizeof static static_assert struct switch
    thread_local true typedef typeof typeof_unqual union unsigned void volatile while
    _Alignas _Alignof _Atomic _Bool _Complex _Generic _Imaginary _Noreturn _Static_assert _Thread_local
    NULL size_t int32_t uint32_t int64_t uint64_t uint8_t errno asm fortran
    and and_eq bitand bitor catch class compl delete explicit export friend mutable namespace new not not_eq operator or
    or_eq private protected public template this throw try typename using virtual wchar_t xor xor_eq
  `)),
  python: new Set(list(`
    False None True and as assert async await break class continue def del elif else except finally for from global if
    import in is lambda nonlocal not or pass raise return try while with yield match case type
    self cls bool bytes dict float int list object set str tuple print property staticmethod classmethod
    dataclass field Enum Any Dict List Optional Union Exception
  `))
}
