import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Path from "effect/Path"
import type { PlatformError } from "effect/PlatformError"
import { suggest } from "../../../operation/internal/suggest.ts"
import type { ResolvedConfig } from "../../GeneratorConfig.ts"
import * as GeneratorConfig from "../../GeneratorConfig.ts"
import { SpecError } from "../../SpecError.ts"
import type * as SpecIr from "../../SpecIr.ts"
import * as SpecReader from "../../SpecReader.ts"
import { publish } from "./publish.ts"

const maxSpecs = 10_000
const maxSpecSize = 4 * 1024 * 1024

const problem = (source: string, message: string, suggestions: ReadonlyArray<string> = []) =>
  new SpecError({ problems: [{ source, path: [], message, suggestions }] })

const unreadable = (source: string) => (error: PlatformError) =>
  problem(source, `cannot be read (${error.reason._tag}); check the file and its permissions.`)

/** @internal */
export const findRoot = Effect.fnUntraced(function*(from: string) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const start = path.resolve(from)
  for (let folder = start;; folder = path.dirname(folder)) {
    const found = fs.exists(path.join(folder, GeneratorConfig.fileName))
    if (yield* Effect.orElseSucceed(found, () => false)) {
      return folder
    }
    if (path.dirname(folder) === folder) {
      return start
    }
  }
})

/** @internal */
export const readConfig = Effect.fnUntraced(function*(
  root: string
): Effect.fn.Return<ResolvedConfig, SpecError, FileSystem.FileSystem | Path.Path> {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const text = yield* Effect.catch(
    fs.readFileString(path.join(root, GeneratorConfig.fileName)),
    (error) =>
      error.reason._tag === "NotFound" ? Effect.succeed("{}") : Effect.fail(unreadable(GeneratorConfig.fileName)(error))
  )
  return yield* Effect.fromResult(GeneratorConfig.parse(text))
})

/** @internal */
export const readSpecs = Effect.fnUntraced(function*(
  root: string,
  config: ResolvedConfig
): Effect.fn.Return<
  ReadonlyArray<{ readonly source: string; readonly text: string }>,
  SpecError,
  FileSystem.FileSystem | Path.Path
> {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const sources: Array<string> = []
  const visit = (folder: string): Effect.Effect<void, SpecError> =>
    Effect.gen(function*() {
      const entries = yield* Effect.mapError(
        fs.readDirectoryEntries(path.join(root, folder)),
        (error) =>
          error.reason._tag === "NotFound"
            ? problem(
              folder,
              `there is no folder with specs here; make one, or name another in ${GeneratorConfig.fileName}.`
            )
            : unreadable(folder)(error)
      )
      const below: Array<string> = []
      for (const { name, type } of entries) {
        if (name.startsWith(".")) {
          continue
        }
        if (type === "Directory") {
          below.push(`${folder}/${name}`)
        } else if (type === "File" && name.endsWith(".json")) {
          sources.push(`${folder}/${name}`)
        }
      }
      yield* Effect.forEach(below, visit, { concurrency: 8, discard: true })
    })
  yield* visit(config.specs)
  if (sources.length > maxSpecs) {
    return yield* problem(config.specs, `holds more than ${maxSpecs} specs; split the project.`)
  }
  return yield* Effect.forEach(sources.sort(), (source) => readSpec(fs, path.join(root, source), source), {
    concurrency: 32
  })
})

const readSpec = (fs: FileSystem.FileSystem, file: string, source: string) =>
  fs.readFileString(file).pipe(
    Effect.mapError(unreadable(source)),
    Effect.flatMap((text) =>
      text.length > maxSpecSize
        ? Effect.fail(problem(source, `is larger than ${maxSpecSize} characters; a spec says one command.`))
        : Effect.succeed({ source, text })
    )
  )

/** The specs as they were, but for some that are read again, are new, or are gone. @internal */
export const readAgain = Effect.fnUntraced(function*(
  root: string,
  config: ResolvedConfig,
  last: ReadonlyArray<{ readonly source: string; readonly text: string }>,
  changed: ReadonlySet<string>
) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const texts = new Map(last.map((spec) => [spec.source, spec]))
  for (const source of changed) {
    const hidden = source.split("/").some((segment) => segment.startsWith("."))
    if (hidden || !source.startsWith(`${config.specs}/`) || !source.endsWith(".json")) {
      continue
    }
    const file = path.join(root, source)
    if (yield* Effect.mapError(fs.exists(file), unreadable(source))) {
      texts.set(source, yield* readSpec(fs, file, source))
    } else {
      texts.delete(source)
    }
  }
  return [...texts.values()].sort((a, b) => a.source < b.source ? -1 : 1)
})

/** The files of the specs that somebody named. @internal */
export const choose = (
  names: ReadonlyArray<string>,
  commands: ReadonlyArray<SpecIr.Command>
): Effect.Effect<ReadonlySet<string>, SpecError> => {
  const chosen = new Set<string>()
  for (const name of names) {
    const wanted = name.replaceAll("\\", "/").replace(/^\.\//, "")
    const found = commands.find((command) => command.source === wanted || command.name === wanted)
    if (found === undefined) {
      const known = commands.flatMap((command) => [command.source, command.name])
      return Effect.fail(
        problem(name, "is neither the file nor the name of a spec of this project.", suggest(wanted, known))
      )
    }
    chosen.add(found.source)
  }
  return Effect.succeed(chosen)
}

/** Where generated files are. @internal */
export const outputs = (config: ResolvedConfig): ReadonlyArray<string> => [
  config.typescript.out,
  config.typescript.tests,
  config.typescript.docs,
  config.rust.core,
  config.rust.node,
  ...config.output.values()
]

/** Rewrites specs of an older version, all or none. @internal */
export const migrate = Effect.fnUntraced(function*(
  root: string,
  texts: ReadonlyArray<{ readonly source: string; readonly text: string }>
) {
  const steps = yield* Effect.forEach(
    texts,
    ({ source, text }) =>
      Effect.map(Effect.fromResult(SpecReader.parse(source, text)), (spec) =>
        isCurrent(text) ? [] : [{
          path: source,
          text: `${JSON.stringify(SpecReader.canonical(spec), null, 2)}\n`,
          previous: text,
          backup: false
        }])
  )
  yield* publish(root, steps.flat())
  return steps.flat().map(({ path }) => path)
})

/** The text has been parsed already, so it is JSON. */
const isCurrent = (text: string): boolean =>
  (JSON.parse(text.replace(/^\ufeff/, "")) as { readonly version?: unknown }).version === 2
