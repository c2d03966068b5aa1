import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Path from "effect/Path"
import type { PlatformError } from "effect/PlatformError"
import * as Result from "effect/Result"
import type { CommandSpec } from "../../CommandSpec.ts"
import * as SpecReader from "../../SpecReader.ts"
import type { Violation } from "./audit/model.ts"

/** A spec of the project, with its text. */
export interface SpecText {
  readonly source: string
  readonly text: string
  readonly spec: CommandSpec
}

/** All spec files of a folder, sorted; without the folder there are none. */
const specPaths = Effect.fnUntraced(function*(
  root: string,
  folder: string
): Effect.fn.Return<ReadonlyArray<string>, PlatformError, FileSystem.FileSystem | Path.Path> {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const base = path.join(root, folder)
  if (!(yield* fs.exists(base))) return []
  const names = yield* fs.readDirectory(base, { recursive: true })
  return names.filter((name) => name.endsWith(".json") && !/(^|[\\/])\./.test(name)).map((name) =>
    `${folder}/${name.split(path.sep).join("/")}`
  ).sort()
})

/** Reads all specs of a folder; what cannot be read is a violation. */
export const readSpecs = Effect.fnUntraced(function*(
  root: string,
  folder: string
): Effect.fn.Return<
  { readonly specs: ReadonlyArray<SpecText>; readonly broken: ReadonlyArray<Violation> },
  PlatformError,
  FileSystem.FileSystem | Path.Path
> {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const specs: Array<SpecText> = []
  const broken: Array<Violation> = []
  for (const source of yield* specPaths(root, folder)) {
    const text = yield* fs.readFileString(path.join(root, source))
    const parsed = SpecReader.parse(source, text)
    if (Result.isSuccess(parsed)) specs.push({ source, text, spec: parsed.success })
    else {
      const [problem] = parsed.failure.problems
      const { column = 1, line = 1, message = parsed.failure.message } = problem ?? {}
      broken.push({ rule: "unreadable", path: source, line, column, commands: [], message })
    }
  }
  return { specs, broken }
})
