/**
 * Builds the native module of a project with cargo, if it has changed.
 *
 * @since 0.1.0
 */
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as fs from "node:fs"
import * as path from "node:path"
import { metadata, run, type Workspace } from "./internal/cargo.ts"
import { foreign, hashOf, hashOfPackages } from "./internal/nativeSources.ts"
import { platform } from "./NodeNativeModule.ts"

/**
 * What to build.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /** The folder that has the Cargo.toml of the workspace. */
  readonly project: string
  /** With this feature of every crate that has it, into a folder of its own: `native/dist/<feature>`. */
  readonly feature?: string | undefined
  /** Although nothing has changed. */
  readonly force?: boolean | undefined
}

/**
 * What came of it.
 *
 * @category models
 * @since 0.1.0
 */
export type Outcome =
  | { readonly _tag: "Built" | "Unchanged"; readonly file: string; readonly sidecar: string | undefined }
  /** There is no cargo on the machine; what needs the native module runs in TypeScript. */
  | { readonly _tag: "NoCargo" }
  /** The project has no Cargo.toml. */
  | { readonly _tag: "NoCrates"; readonly manifest: string }

/**
 * The native module could not be built. `output` is what cargo says: the errors of the compiler.
 *
 * @category errors
 * @since 0.1.0
 */
export class NativeBuildError extends Data.TaggedError("NativeBuildError")<{
  readonly message: string
  readonly output: string
}> {}

/**
 * Builds a project's native module, and the sidecar if there is one, into `native/dist`, offline.
 *
 * **When to use**
 *
 * `opbus build-native` calls it. Use it in a build script of your own.
 *
 * **Details**
 *
 * Builds nothing when the sources, the lock file and the compiler are those of the last build. Never needs the network:
 * crates that are not on the machine are an error of cargo's. Files are replaced whole, so a process that has the old
 * ones loaded is not disturbed.
 *
 * @category constructors
 * @since 0.1.0
 */
export const build = Effect.fnUntraced(
  function*(options: Options): Effect.fn.Return<Outcome, NativeBuildError> {
    const project = path.resolve(options.project)
    const manifest = path.join(project, "Cargo.toml")
    if (!fs.existsSync(manifest)) return { _tag: "NoCrates", manifest }
    const version = yield* run("rustc", ["-vV"], project)
    if (version === undefined || (yield* run("cargo", ["--version"], project)) === undefined) return { _tag: "NoCargo" }
    const workspace = yield* metadata(project)
    if (Result.isFailure(workspace)) {
      return yield* new NativeBuildError({
        message: `cargo cannot read ${manifest}`,
        output: workspace.failure
      })
    }
    const { addon, bin } = yield* targetsOf(workspace.success, manifest)
    const folder = path.join(project, "native", "dist", ...(options.feature === undefined ? [] : [options.feature]))
    const file = path.join(folder, `${platform}.node`)
    const sidecar = bin === undefined ? undefined : path.join(folder, `${platform}-sidecar${executable}`)
    const stamp = path.join(folder, `${platform}.sha256`)
    const hash = hashOf(workspace.success, [version.stdout, options.feature ?? ""])
    const current = fs.existsSync(file) && (sidecar === undefined || fs.existsSync(sidecar)) &&
      fs.existsSync(stamp) && fs.readFileSync(stamp, "utf8") === hash
    if (current && options.force !== true) return { _tag: "Unchanged", file, sidecar }

    const remember = yield* forgetPackages(workspace.success, project)
    const features = workspace.success.packages
      .filter((crate) => crate.local && options.feature !== undefined && crate.features.includes(options.feature))
      .map((crate) => `${crate.name}/${options.feature}`)
    const built = yield* run("cargo", [
      "build",
      "--release",
      "--offline",
      ...(fs.existsSync(path.join(project, "Cargo.lock")) ? ["--locked"] : []),
      "--message-format=json-render-diagnostics",
      "--lib",
      "--package",
      addon.name,
      ...(bin === undefined ? [] : ["--package", bin.package, "--bin", bin.name]),
      ...(features.length === 0 ? [] : ["--features", features.join(",")])
    ], project)
    if (built === undefined || built.code !== 0) {
      return yield* new NativeBuildError({
        message: `cargo could not build the native module of ${project}`,
        output: built?.stderr ?? "cargo could not be run"
      })
    }
    const artifacts = artifactsOf(built.stdout)
    const library = artifacts.find(({ crate, kind }) => kind === "cdylib" && crate === addon.target)?.file
    const program = artifacts.find(({ crate, kind }) => kind === "bin" && crate === bin?.name)?.file
    if (library === undefined || (bin !== undefined && program === undefined)) {
      return yield* new NativeBuildError({
        message: `cargo built ${project}, but did not say where the library is`,
        output: built.stderr
      })
    }
    fs.mkdirSync(folder, { recursive: true })
    replace(library, file)
    if (sidecar !== undefined && program !== undefined) replace(program, sidecar)
    fs.writeFileSync(stamp, hash)
    remember()
    return { _tag: "Built", file, sidecar }
  }
)

/**
 * Cargo sees by the times of files whether a crate has changed, and npm gives all files of all packages the same one: what
 * it made of another release of a package would stay. Gives what remembers, after the build, what it was made of.
 */
const forgetPackages = Effect.fnUntraced(function*(workspace: Workspace, project: string) {
  const hash = hashOfPackages(workspace)
  const stamp = path.join(workspace.target, "opbus-packages.sha256")
  if (hash === undefined) return () => {}
  const known = fs.existsSync(stamp) ? fs.readFileSync(stamp, "utf8") : undefined
  if (known !== hash && fs.existsSync(workspace.target)) {
    const packages = foreign(workspace).flatMap(({ name }) => ["--package", name])
    yield* run("cargo", ["clean", "--release", "--offline", ...packages], project)
  }
  return () => fs.writeFileSync(stamp, hash)
})

const executable = process.platform === "win32" ? ".exe" : ""

interface Targets {
  readonly addon: { readonly name: string; readonly target: string }
  readonly bin: { readonly package: string; readonly name: string } | undefined
}

/** The one library that Node can load, and the program named sidecar. */
const targetsOf = (workspace: Workspace, manifest: string): Effect.Effect<Targets, NativeBuildError> => {
  const members = workspace.packages.filter(({ member }) => member)
  const addons = members.flatMap((crate) =>
    crate.targets.filter(({ kinds }) => kinds.includes("cdylib")).map((target) => ({
      name: crate.name,
      target: target.name
    }))
  )
  const bins = members.flatMap((crate) =>
    crate.targets.filter(({ kinds, name }) => kinds.includes("bin") && name === "sidecar").map((target) => ({
      package: crate.name,
      name: target.name
    }))
  )
  const [addon] = addons
  return addon === undefined || addons.length > 1
    ? Effect.fail(
      new NativeBuildError({
        message: addon === undefined
          ? `no crate of ${manifest} is a cdylib; give one of them crate-type = ["cdylib"]`
          : `several crates of ${manifest} are a cdylib: ${addons.map(({ name }) => name).join(", ")}; keep one`,
        output: ""
      })
    )
    : Effect.succeed({ addon, bin: bins[0] })
}

/** What cargo says that it has made, one JSON object per line. */
const artifactsOf = (
  stdout: string
): ReadonlyArray<{ readonly crate: string; readonly kind: string; readonly file: string }> =>
  stdout.split("\n").flatMap((line) => {
    if (!line.startsWith("{\"reason\":\"compiler-artifact\"")) return []
    const { executable, filenames, target } = JSON.parse(line)
    const library = (filenames as ReadonlyArray<string>).find((name) => /\.(so|dylib|dll)$/.test(name))
    const file = executable ?? library
    return typeof file === "string" ? [{ crate: String(target.name), kind: String(target.kind[0]), file }] : []
  })

/** A new file under the same name: writing into one that a process has loaded would end that process. */
const replace = (from: string, to: string): void => {
  const temporary = `${to}.${process.pid}.tmp`
  fs.copyFileSync(from, temporary)
  fs.renameSync(temporary, to)
}
