import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Path from "effect/Path"
import * as Stream from "effect/Stream"
import * as NodeAdapterLoader from "../../node/NodeAdapterLoader.ts"
import * as GeneratorConfig from "../../spec/GeneratorConfig.ts"
import * as SpecCompiler from "../../spec/SpecCompiler.ts"
import * as generating from "./generating.ts"
import { present, remark } from "./output.ts"
import * as Progress from "./progress.ts"

/** What the command was asked to do. */
interface Options {
  readonly spec: ReadonlyArray<string>
  readonly adapter: ReadonlyArray<string>
  readonly dryRun: boolean
  readonly force: boolean
  readonly prune: boolean
  readonly migrate: boolean
  readonly stats: boolean
  readonly watch: boolean
}

/** Fewer are done before anybody has read a line. */
const manySpecs = 50

/**
 * What `opbus generate` does.
 *
 * @internal
 */
export const generate = (options: Options) =>
  Effect.gen(function*() {
    const root = yield* SpecCompiler.findRoot(process.cwd())
    const specs = yield* Effect.forEach(options.spec, (spec) => generating.fromRoot(root, spec))
    const { dryRun, force, prune } = options
    const chosen: SpecCompiler.GenerateOptions = {
      dryRun,
      force,
      prune,
      ...(specs.length === 0 ? {} : { specs }),
      ...(options.adapter.length === 0 ? {} : { only: options.adapter })
    }
    const project = yield* SpecCompiler.open({ root })
    if (options.migrate) {
      const migrated = yield* project.migrate
      yield* Effect.forEach(migrated, (path) => remark("Migrated", `${path} is version 2 now`, { path }))
    }
    const generated = yield* once(project, chosen)
    if (options.stats) {
      const counts = generating.count(generated)
      yield* present(counts, generating.countText)
    }
    if (options.watch) yield* watch(project, chosen, generated.texts)
  }).pipe(
    generating.reported,
    Effect.provide(NodeAdapterLoader.layer)
  )

const once = (project: SpecCompiler.Project, options: SpecCompiler.GenerateOptions) =>
  Effect.gen(function*() {
    const generated = yield* Effect.scoped(Effect.gen(function*() {
      const line = yield* Progress.make("generate")
      return yield* project.generate({
        ...options,
        onProgress: (step, count) => {
          if (count >= manySpecs) line.draw({ step, count })
        }
      })
    }))
    yield* present(generating.records(generated), () => generating.text(generated))
    return generated
  })

/** Told of changes where the system tells, and looks for itself now and then where it does not. */
const watch = (
  project: SpecCompiler.Project,
  options: SpecCompiler.GenerateOptions,
  texts: ReadonlyArray<SpecCompiler.SpecText>
) =>
  Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    yield* remark("Watching", `watching ${project.config.specs}; end with Ctrl+C`, { specs: project.config.specs })
    let current = project
    let seen = new Map(texts.map(({ source, text }) => [source, text]))
    let configuration = yield* configurationOf(project.root)
    const named = new Set<string>()
    const again = Effect.gen(function*() {
      const configured = yield* configurationOf(project.root)
      const reopened = configured !== configuration
      configuration = configured
      if (reopened) current = yield* SpecCompiler.open({ root: project.root })
      const changed = new Set(named)
      named.clear()
      if (changed.size === 0) {
        const now = yield* current.read
        const same = now.length === seen.size && now.every(({ source, text }) => seen.get(source) === text)
        seen = new Map(now.map(({ source, text }) => [source, text]))
        if (same && !reopened) return
      }
      const generated = yield* current.generate({
        ...options,
        incremental: true,
        ...(changed.size === 0 || reopened ? {} : { changed })
      })
      seen = new Map(generated.texts.map(({ source, text }) => [source, text]))
      if (generated.plan.changes.length > 0) {
        yield* present(generating.records(generated), () => generating.text(generated))
      }
    }).pipe(Effect.catchTag(["SpecError", "AdapterError", "FileWriterError"], (error) =>
      // The same is not said again before something has changed.
      Effect.flatMap(Effect.orElseSucceed(current.read, () => []), (now) => {
        seen = new Map(now.map(({ source, text }) => [source, text]))
        return generating.explain(error)
      })))
    const specs = path.join(project.root, project.config.specs)
    const told = Stream.merge(
      Stream.map(fs.watch(specs, { recursive: true }), (event) => {
        const file = path.relative(project.root, path.resolve(specs, event.path)).split(path.sep).join("/")
        if (file.endsWith(".json")) named.add(file)
      }),
      Stream.map(fs.watch(project.root), () => {})
    ).pipe(Stream.catch(() => Stream.empty))
    yield* Stream.merge(told, Stream.tick("1 second")).pipe(
      Stream.debounce("30 millis"),
      Stream.runForEach(() => again)
    )
  })

const configurationOf = Effect.fnUntraced(function*(root: string) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  return yield* Effect.orElseSucceed(fs.readFileString(path.join(root, GeneratorConfig.fileName)), () => undefined)
})
