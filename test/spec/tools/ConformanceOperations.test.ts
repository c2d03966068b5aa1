import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { OperationInvoker, OperationRegistry } from "opbus"
import * as NodeSourceParser from "opbus/node/NodeSourceParser"
import * as ConformanceOperations from "opbus/spec/ConformanceOperations"
import { describe } from "vitest"
import { project } from "./support/project.ts"

const files = {
  "src/read.ts": `import { Schema } from "effect"\nimport { Operation } from "opbus"\n` +
    `export const Read = Operation.make({ meta: { key: "note.read", description: "Reads" }, input: Schema.Struct({ id: Schema.Any }) })\n`
}

const run = <A, E>(root: string, effect: Effect.Effect<A, E, OperationInvoker>) =>
  Effect.runPromise(effect.pipe(Effect.provide(
    ConformanceOperations.layer({ root }).pipe(
      Layer.provideMerge(OperationInvoker.layer),
      Layer.provideMerge(OperationRegistry.layer),
      Layer.provide([NodeServices.layer, NodeSourceParser.layer])
    )
  )))

describe("audit, reverse and enforce as operations", () => {
  it("look at the project that the layer was made for", async () => {
    const { root } = project(files)
    const report = await run(root, ConformanceOperations.Audit.invoke({}))
    assert.deepStrictEqual(report.violations.map(({ line, rule }) => `${rule} ${line}`), [
      "spec 3",
      "accessor 3",
      "any 3"
    ])
    const { commands, warnings } = await run(root, ConformanceOperations.Reverse.invoke({ sources: ["src/read.ts"] }))
    assert.deepStrictEqual(commands.map(({ file, spec }) => [file, spec.params]), [
      ["specs/note/read.json", [{ name: "id", type: "json" }]]
    ])
    assert.deepStrictEqual(warnings.map(({ code }) => code), ["pattern", "any"])
  })

  it("enforce in a repository", async () => {
    const { commit, git, root } = project({ "src/empty.ts": "" })
    git("init", "-q", "-b", "main")
    commit("first")
    assert.deepStrictEqual((await run(root, ConformanceOperations.Enforce.invoke({ since: "main" }))).findings, [])
  })

  it("look nowhere else, and fail with what can be read by a caller", async () => {
    const { root, write } = project(files)
    const refused = <A, E>(effect: Effect.Effect<A, E, OperationInvoker>) =>
      run(root, Effect.flip(effect)) as Promise<any>
    for (const source of ["..", "../other", "/etc", "src/../../x"]) {
      const error = await refused(ConformanceOperations.Reverse.invoke({ sources: [source] }))
      assert.deepStrictEqual([error._tag, error.reason, error.message], [
        "ProjectRefused",
        "Sources",
        `${source} is outside of the project`
      ])
    }
    const git = await refused(ConformanceOperations.Enforce.invoke({}))
    assert.deepStrictEqual([git._tag, git.reason], ["ProjectRefused", "Git"])
    write("opbus.config.json", "{")
    const config = await refused(ConformanceOperations.Audit.invoke({}))
    assert.deepStrictEqual([config._tag, config.reason], ["ProjectRefused", "Specs"])
  })
})
