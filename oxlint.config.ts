import { builtinModules } from "node:module"

/**
 * The linter's rules, and the layer rule of the repository as a table: a folder of `src` imports only folders with a
 * smaller number. Equal numbers never import each other, but for the pairs named here.
 */
const layers: ReadonlyArray<readonly [folder: string, layer: number, alsoImports?: ReadonlyArray<string>]> = [
  ["internal", 0],
  ["operation", 1, ["protocol"]],
  ["protocol", 1],
  ["sql", 1],
  ["history", 2],
  ["spec", 2],
  ["native", 2],
  ["remote", 3],
  ["rxjs", 3],
  ["reactivity", 4],
  ["session", 4],
  ["ai", 5],
  ["truth", 5],
  ["react", 6],
  ["devtools", 6, ["react"]],
  ["node", 7],
  ["cli", 8]
]

/** Packages that only some folders of `src` may import. */
const owners: ReadonlyArray<readonly [packages: string, folders: ReadonlyArray<string>]> = [
  [`node:.*|${builtinModules.filter((name) => !name.startsWith("_")).join("|")}`, ["node", "cli"]],
  ["rxjs(/.*)?", ["rxjs"]],
  ["react(-dom)?(/.*)?", ["react", "devtools"]],
  ["@libsql/.*", ["sql"]],
  ["@effect/platform-node.*", ["node", "cli"]]
]

const refuse = (regex: string, message: string) => ({ regex, message })
const restricted = (patterns: ReadonlyArray<object>) => ({ "no-restricted-imports": ["error", { patterns }] })

const effectBarrel = refuse(
  "^effect$",
  "Import the module (\"effect/Effect\"): the barrel costs a bundle 4x the bytes."
)
const ownPackage = refuse("^opbus(/|$)", "Import the file (\"../operation/Operation.ts\"), not the package.")
const ownBarrel = refuse("^\\.{1,2}/(.*/)?index\\.ts$", "Import the module, not the barrel of its folder.")
const unstable = refuse(
  "^effect/(ai|cli|eventlog|persistence|reactivity|rpc|sql)(/|$)",
  "Unstable modules of Effect are reached through src/internal/effect."
)
const foreign = (folder: string) =>
  owners.filter(([, folders]) => !folders.includes(folder)).map(([packages, folders]) =>
    refuse(`^(${packages})$`, `Only ${folders.map((name) => `src/${name}`).join(" and ")} may import this.`)
  )

/** All restrictions of one folder: the last override that matches a file replaces the others. */
const restrictionsOf = ([folder, layer, alsoImports = []]: (typeof layers)[number]) => {
  const closed = layers.filter(([other, number]) => other !== folder && number >= layer && !alsoImports.includes(other))
    .map(([other]) => other)
  const above = closed.length === 0 ? [] : [refuse(
    `^(\\.\\./)+(${closed.join("|")})/`,
    `The layer rule: src/${folder} imports only folders below it (the table is in oxlint.config.ts).`
  )]
  // src/node turns compiled schemas on, which is all that the jit entry point does.
  const entries = folder === "node" ? "index" : "index|jit"
  const roots = refuse(`^(\\.\\./)+(${entries})\\.ts$`, "Folders do not import the entry points of the package.")
  return [effectBarrel, ownPackage, ownBarrel, unstable, roots, ...above, ...foreign(folder)]
}

export default {
  plugins: ["eslint", "typescript", "unicorn", "oxc", "import"],
  categories: { correctness: "error", suspicious: "error", perf: "error" },
  ignorePatterns: ["**/node_modules", "dist", ".doctest"],
  rules: {
    "import/no-cycle": "error",
    "typescript/consistent-type-imports": "error",
    "no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_", caughtErrorsIgnorePattern: "^_" }],
    // Against the idiom of Effect code.
    "no-new": "off",
    "no-shadow": "off",
    "import/no-unassigned-import": "off",
    "no-underscore-dangle": "off",
    "oxc/no-map-spread": "off",
    "no-unmodified-loop-condition": "off",
    "require-yield": "off",
    "typescript/no-confusing-non-null-assertion": "off",
    "typescript/no-extraneous-class": "off",
    "unicorn/consistent-function-scoping": "off",
    "unicorn/no-array-callback-reference": "off",
    "unicorn/no-array-method-this-argument": "off",
    "unicorn/no-array-reverse": "off",
    "unicorn/no-array-sort": "off",
    "unicorn/no-new-array": "off",
    "unicorn/no-thenable": "off",
    // Scripts and tests await in loops on purpose.
    "no-await-in-loop": "off"
  },
  overrides: [
    {
      files: ["{test,typetest,examples,scripts}/**/*.{ts,tsx}"],
      rules: { "typescript/consistent-type-imports": ["error", { disallowTypeAnnotations: false }] }
    },
    { files: ["src/*.ts"], rules: restricted([effectBarrel, ownPackage, unstable, ...foreign("")]) },
    ...layers.map((entry) => ({ files: [`src/${entry[0]}/**/*.{ts,tsx}`], rules: restricted(restrictionsOf(entry)) })),
    {
      files: ["src/internal/effect/*.ts"],
      rules: restricted(restrictionsOf(["internal", 0]).filter((rule) => rule !== unstable))
    }
  ]
}
