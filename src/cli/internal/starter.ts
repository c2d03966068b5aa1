import * as Effect from "effect/Effect"
import * as fs from "node:fs"
import * as path from "node:path"
import { fileURLToPath } from "node:url"
import { CliFailure, exitCodes, usage } from "./failure.ts"
import { isNetwork, npm, whyNot } from "./npm.ts"

/** The package that this command belongs to: a clone, or installed. */
const home = fileURLToPath(new URL("../../../", import.meta.url))

const template = path.join(home, "templates", "starter")

interface Manifest {
  readonly version: string
}

const manifest = (): Manifest => JSON.parse(fs.readFileSync(path.join(home, "package.json"), "utf8")) as Manifest

// -----------------------------------------------------------------------------
// the folder
// -----------------------------------------------------------------------------

/** What may be in a folder that is as good as empty. */
const harmless = new Set([".git", ".DS_Store"])

const refusal = (folder: string) => (cause: unknown): CliFailure => {
  const { code, message } = cause as NodeJS.ErrnoException
  const why = code === "EACCES" || code === "EPERM"
    ? "you may not write there"
    : code === "ENOENT"
    ? "nothing can be made there"
    : code === "EROFS"
    ? "the file system is read-only"
    : code === "ENOTDIR" || code === "EEXIST"
    ? "a part of the path is a file"
    : code === "ENAMETOOLONG"
    ? "the name is too long"
    : code === "ENOSPC"
    ? "the disk is full"
    : message
  return new CliFailure({
    exitCode: exitCodes.usage,
    reason: "NotWritable",
    message: `${folder} cannot be made: ${why}; name another folder`,
    cause
  })
}

const attempt = <A>(folder: string, evaluate: () => A): Effect.Effect<A, CliFailure> =>
  Effect.try({ try: evaluate, catch: refusal(folder) })

/** Node's own recursion does not end where nothing can be made, as below /proc. */
const makeFolder = (folder: string): void => {
  const parent = path.dirname(folder)
  if (!fs.existsSync(parent)) makeFolder(parent)
  fs.mkdirSync(folder)
}

/** The folder, made if it is not there; whether it was made. */
const claim = (folder: string): Effect.Effect<boolean, CliFailure> =>
  Effect.gen(function*() {
    const stat = yield* attempt(folder, () => fs.statSync(folder, { throwIfNoEntry: false }))
    if (stat === undefined) {
      yield* attempt(folder, () => makeFolder(folder))
      return true
    }
    if (!stat.isDirectory()) {
      return yield* usage("NotAFolder", `${folder} is a file; name a folder that is empty, or not there yet`)
    }
    const [first, ...others] = (yield* attempt(folder, () => fs.readdirSync(folder))).filter((name) =>
      !harmless.has(name)
    )
    if (first !== undefined) {
      const rest = others.length === 0 ? "" : ` and ${others.length} more`
      return yield* usage(
        "NotEmpty",
        `${folder} is not empty, it has ${first}${rest}; name a folder that is empty, or not there yet`
      )
    }
    yield* attempt(folder, () => fs.accessSync(folder, fs.constants.W_OK))
    return false
  })

// -----------------------------------------------------------------------------
// names
// -----------------------------------------------------------------------------

/**
 * A folder's name as npm takes one.
 *
 * @internal
 */
export const packageNameOf = (folder: string, taken: ReadonlySet<string>): string => {
  const name = path.basename(folder).normalize("NFKD").replaceAll(/\p{Mn}/gu, "").toLowerCase()
    .replaceAll(/[^a-z0-9._-]+/g, "-").replace(/^[._-]+/, "").replace(/[._-]+$/, "").slice(0, 100)
  if (name === "") return "opbus-app"
  // A package that depends on one of its own name cannot be installed.
  return taken.has(name) || name === "node_modules" || name === "favicon.ico" ? `${name}-app` : name
}

// -----------------------------------------------------------------------------
// where opbus comes from
// -----------------------------------------------------------------------------

/**
 * Whether a registry has this version: npm notes for each installed package where it came from. A clone, a link, or a
 * tarball is not known to be anywhere else.
 */
const isPublished = (version: string): boolean => {
  const modules = path.dirname(home)
  if (path.basename(modules) !== "node_modules") return false
  try {
    const lock = JSON.parse(fs.readFileSync(path.join(modules, ".package-lock.json"), "utf8")) as {
      readonly packages: Record<
        string,
        { readonly resolved?: string; readonly version?: string; readonly link?: boolean }
      >
    }
    const entry = new Map(Object.entries(lock.packages)).get("node_modules/opbus")
    if (entry === undefined || entry.link === true || entry.version !== version) return false
    // npm leaves it out on request, but only for packages of a registry.
    return entry.resolved === undefined || /^https?:.*\/opbus\/-\/opbus-[^/]+\.tgz$/.test(entry.resolved)
  } catch {
    return false
  }
}

/** Packs opbus into the new folder, and gives the specifier of the tarball. A clone is built first. */
const pack = (folder: string, version: string): Effect.Effect<string, CliFailure> =>
  Effect.gen(function*() {
    const vendor = path.join(folder, "vendor")
    yield* attempt(folder, () => fs.mkdirSync(vendor))
    const scripts = fs.existsSync(path.join(home, "scripts", "build.ts")) ? [] : ["--ignore-scripts"]
    const outcome = yield* npm(["pack", home, ...scripts, "--offline", "--pack-destination", vendor], folder)
    const name = `opbus-${version}.tgz`
    if (outcome.code !== 0 || !fs.existsSync(path.join(vendor, name))) {
      return yield* new CliFailure({
        exitCode: exitCodes.failed,
        reason: "NotPacked",
        message: `opbus ${version} cannot be packed: ${whyNot(outcome)}`,
        cause: new Error(outcome.stderr)
      })
    }
    return `file:vendor/${name}`
  })

// -----------------------------------------------------------------------------
// the project
// -----------------------------------------------------------------------------

/** Names that npm leaves out of a package, or that would make a package of the template. */
const renamed = new Map([["gitignore", ".gitignore"], ["package.template.json", "package.json"]])

const filesOf = (folder: string): ReadonlyArray<string> =>
  fs.readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name))).sort()

const write = (folder: string, opbus: string): { readonly name: string; readonly files: ReadonlyArray<string> } => {
  const files: Array<string> = []
  let packageName = ""
  for (const file of filesOf(template)) {
    const target = renamed.get(file) ?? file
    files.push(target)
    let text = fs.readFileSync(path.join(template, file), "utf8")
    if (target === "package.json") {
      const { dependencies, ...rest } = JSON.parse(text) as { readonly dependencies: Record<string, string> }
      packageName = packageNameOf(folder, new Set([...Object.keys(dependencies), "opbus"]))
      const sorted = Object.fromEntries(Object.entries({ ...dependencies, opbus }).sort(([a], [b]) => a < b ? -1 : 1))
      text = `${JSON.stringify({ name: packageName, version: "0.0.0", ...rest, dependencies: sorted }, null, 2)}\n`
    }
    fs.mkdirSync(path.join(folder, path.dirname(target)), { recursive: true })
    fs.writeFileSync(path.join(folder, target), text, { flag: "wx" })
  }
  return { name: packageName, files }
}

/** What was made so far goes; what was there before stays. */
const takeBack = (folder: string, made: boolean) =>
  Effect.sync(() => {
    if (made) return fs.rmSync(folder, { recursive: true, force: true })
    for (const name of fs.readdirSync(folder)) {
      if (!harmless.has(name)) fs.rmSync(path.join(folder, name), { recursive: true, force: true })
    }
  })

/**
 * A project that was made.
 *
 * @internal
 */
export interface Starter {
  readonly name: string
  /** What `package.json` says about opbus. */
  readonly opbus: string
  readonly files: ReadonlyArray<string>
}

/**
 * Makes a project in a folder that is empty or not there. When that fails or is interrupted, nothing of it stays.
 *
 * @internal
 */
export const make = <R>(
  folder: string,
  packing: (version: string) => Effect.Effect<void, never, R>
): Effect.Effect<Starter, CliFailure, R> =>
  Effect.gen(function*() {
    const { version } = manifest()
    const made = yield* claim(folder)
    const fill = Effect.gen(function*() {
      const published = isPublished(version)
      if (!published) yield* packing(version)
      const opbus = published ? `^${version}` : yield* pack(folder, version)
      const written = yield* attempt(folder, () => write(folder, opbus))
      return { ...written, opbus }
    })
    return yield* Effect.onError(fill, () => takeBack(folder, made))
  })

/**
 * Writes the lockfile, for which npm asks its registry. Gives why there is none.
 *
 * @internal
 */
export const lock = (folder: string): Effect.Effect<string | undefined> =>
  npm(
    ["install", "--package-lock-only", "--no-audit", "--no-fund", "--fetch-retries=1", "--fetch-retry-mintimeout=1000"],
    folder
  ).pipe(
    Effect.flatMap((outcome) => {
      if (outcome.code === 0) return Effect.succeed(undefined)
      if (isNetwork(outcome)) return Effect.succeed(whyNot(outcome))
      // Of a registry that it cannot reach npm may say that nothing there fits.
      return Effect.map(
        npm(["ping", "--fetch-retries=0"], folder),
        (ping) => whyNot(isNetwork(ping) ? ping : outcome)
      )
    }),
    Effect.catch(({ message }) => Effect.succeed(message))
  )
