import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { existsSync } from "node:fs"
import { join } from "node:path"
import { isOperationError } from "../../../src/operation/OperationError.ts"
import { OperationInvoker } from "../../../src/operation/OperationInvoker.ts"
import { OperationRegistry } from "../../../src/operation/OperationRegistry.ts"
import * as GeneratorOperations from "../../../src/spec/GeneratorOperations.ts"
import { makeProject, put, read, spec } from "./support/projects.ts"

const layer = (root: string) =>
  GeneratorOperations.layer({ root }).pipe(
    Layer.provideMerge(OperationInvoker.layer),
    Layer.provideMerge(OperationRegistry.layer),
    Layer.provide(NodeServices.layer)
  )

const { Generate } = GeneratorOperations

describe("spec.generate", () => {
  it.effect("compiles the project, tells how far it is, and says what it has done", () =>
    Effect.gen(function*() {
      const root = makeProject({ "specs/a.json": spec("text/a") })
      yield* Effect.gen(function*() {
        const steps: Array<unknown> = []
        yield* (yield* OperationInvoker).observe((event) => {
          if (event._tag === "Progress") steps.push(event.progress)
        })
        const planned = yield* Generate.invoke({ dryRun: true })
        assert.strictEqual(planned.written, false)
        assert.deepStrictEqual(planned.changes.map(({ action }) => action), ["create", "create", "create", "create"])
        assert.isFalse(existsSync(join(root, "src")))
        assert.deepStrictEqual(steps, [{ step: "compile", count: 1 }, { step: "compare", count: 4 }])
        const done = yield* Generate.invoke({})
        assert.strictEqual(done.written, true)
        assert.isTrue(existsSync(join(root, "src/operations/text/TextA.ts")))
        const again = yield* Generate.invoke({ specs: ["text/a"], adapters: ["server-only"] })
        assert.deepStrictEqual([again.changes, again.unchanged, again.kept], [[], 3, 1])
      }).pipe(Effect.scoped, Effect.provide(layer(root)))
    }))

  it.effect("what is wrong with specs and files comes as typed failures", () =>
    Effect.gen(function*() {
      const root = makeProject({ "specs/a.json": spec("text/a", { params: [{ name: "x", type: "strng" }] }) })
      yield* Effect.gen(function*() {
        const refused = yield* Effect.flip(Generate.invoke({}))
        assert(refused._tag === "SpecsRefused")
        assert.strictEqual(refused.problems[0]!.source, "specs/a.json")
        assert.deepStrictEqual(refused.problems[0]!.suggestions, ["string"])
        put(root, { "specs/a.json": spec("text/a") })
        const unknown = yield* Effect.flip(Generate.invoke({ adapters: ["nothing"] }))
        assert(unknown._tag === "SpecsRefused")
        assert.include(unknown.message, "\"nothing\" does not exist")
        put(root, { "src/operations/text/TextA.ts": "// mine\n" })
        const conflict = yield* Effect.flip(Generate.invoke({}))
        assert(conflict._tag === "FilesRefused")
        assert.strictEqual(conflict.reason, "Conflict")
        assert.deepStrictEqual(conflict.paths, ["src/operations/text/TextA.ts"])
        const { backups } = yield* Generate.invoke({ force: true })
        assert.strictEqual(read(root, backups[0]!), "// mine\n")
      }).pipe(Effect.provide(layer(root)))
    }))

  it.effect("a caller cannot choose another folder", () =>
    Effect.gen(function*() {
      const root = makeProject({ "specs/a.json": spec("text/a") })
      const elsewhere = makeProject({ "specs/b.json": spec("text/b") })
      yield* Effect.gen(function*() {
        const other = yield* Effect.flip(Generate.invoke({ root: elsewhere } as GeneratorOperations.GenerateParams))
        assert(isOperationError(other))
        assert.strictEqual(other.reason._tag, "InvalidInput")
        const named = yield* Effect.flip(Generate.invoke({ specs: [join(elsewhere, "specs/b.json")] }))
        assert.strictEqual(named._tag, "SpecsRefused")
      }).pipe(Effect.provide(layer(root)))
      assert.isFalse(existsSync(join(elsewhere, "src")))
      assert.isFalse(existsSync(join(root, "src")))
    }))
})
