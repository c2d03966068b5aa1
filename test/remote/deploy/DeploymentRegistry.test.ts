import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Operation from "../../../src/operation/Operation.ts"
import * as DeploymentRecord from "../../../src/protocol/DeploymentRecord.ts"
import { type Deployment, DeploymentRegistry, fromMessage, toMessage } from "../../../src/remote/DeploymentRegistry.ts"
import { resolve, resolveKey } from "../../../src/remote/internal/deploy/resolve.ts"
import { SqlDeploymentRegistry } from "../../../src/remote/SqlDeploymentRegistry.ts"
import * as LibsqlClient from "../../../src/sql/LibsqlClient.ts"

const Analyze = (version: number, input: Operation.AnySchema = Schema.Struct({ text: Schema.String })) =>
  Operation.make({ meta: { key: "ai.analyzeText", label: "Analyse", version }, input, output: Schema.Number })

const deployed = (operation: Operation.Any, more: Partial<Deployment> = {}): Deployment => ({
  ...Operation.toFunctionRecord(operation, `${operation.key}-1`),
  deployedFunctionId: `${operation.key}-1`,
  endpoint: "http://127.0.0.1:8787/",
  deployedAt: 1_000,
  services: ["app/DatabaseService"],
  ...more
})

const folder = mkdtempSync(join(tmpdir(), "opbus-deployments-"))
let files = 0
const layerFile = (file: string) =>
  SqlDeploymentRegistry.layer.pipe(Layer.provide(LibsqlClient.layer({ url: `file:${file}` })))

const layers = {
  memory: () => DeploymentRegistry.layerMemory,
  "a database": () => layerFile(join(folder, `${files++}.db`))
}

describe.each(Object.entries(layers))("deployments in %s", (_name, layer) => {
  const test = (name: string, effect: Effect.Effect<unknown, unknown, DeploymentRegistry>) =>
    it.effect(name, () => Effect.provide(effect, layer()))

  test(
    "are found by key and version, several versions side by side, the highest by default",
    Effect.gen(function*() {
      const registry = yield* DeploymentRegistry
      const second = deployed(Analyze(2), { endpoint: "http://127.0.0.1:2/" })
      const first = deployed(Analyze(1), { endpoint: "http://127.0.0.1:1/" })
      const tenth = deployed(Analyze(10), { endpoint: "http://127.0.0.1:10/" })
      for (const deployment of [second, tenth, first]) yield* registry.put(deployment)
      assert.deepStrictEqual(yield* registry.find("ai.analyzeText", 1), first)
      assert.deepStrictEqual(yield* registry.find("ai.analyzeText", 2), second)
      assert.deepStrictEqual(yield* registry.find("ai.analyzeText"), tenth)
      assert.isUndefined(yield* registry.find("ai.analyzeText", 3))
      assert.deepStrictEqual(yield* registry.list, [first, second, tenth])
    })
  )

  test(
    "are replaced under the same key and version by another id",
    Effect.gen(function*() {
      const registry = yield* DeploymentRegistry
      yield* registry.put(deployed(Analyze(1)))
      yield* registry.put(deployed(Analyze(1), { deployedFunctionId: "other" }))
      assert.deepStrictEqual((yield* registry.list).map((one) => one.deployedFunctionId), ["other"])
    })
  )

  test(
    "are removed one by one or all at once",
    Effect.gen(function*() {
      const registry = yield* DeploymentRegistry
      for (const version of [1, 2, 3]) yield* registry.put(deployed(Analyze(version)))
      assert.deepStrictEqual((yield* registry.remove("ai.analyzeText", 2)).map((one) => one.version), [2])
      assert.deepStrictEqual(yield* registry.remove("ai.analyzeText", 2), [])
      assert.deepStrictEqual((yield* registry.remove("ai.analyzeText")).map((one) => one.version), [1, 3])
      assert.deepStrictEqual(yield* registry.list, [])
      assert.deepStrictEqual(yield* registry.remove("nothing"), [])
    })
  )

  test(
    "tell who follows what changes",
    Effect.gen(function*() {
      const registry = yield* DeploymentRegistry
      const following = yield* Effect.forkChild(Stream.runCollect(Stream.take(registry.changes, 3)), {
        startImmediately: true
      })
      yield* registry.put(deployed(Analyze(1)))
      yield* registry.put(deployed(Analyze(2)))
      yield* registry.remove("ai.analyzeText", 1)
      const seen = yield* Fiber.join(following)
      assert.deepStrictEqual(seen.map(({ _tag, version }) => [_tag, version]), [
        ["Deployed", 1],
        ["Deployed", 2],
        ["Removed", 1]
      ])
    })
  )

  test(
    "have keys that are not names of the language",
    Effect.gen(function*() {
      const registry = yield* DeploymentRegistry
      for (const key of ["__proto__", "constructor", "toString"]) {
        assert.isUndefined(yield* registry.find(key))
        yield* registry.put(deployed(Analyze(1), { key }))
        assert.strictEqual((yield* registry.find(key))?.key, key)
      }
      assert.strictEqual((yield* registry.list).length, 3)
    })
  )

  test(
    "are refused when they could not be called, in one line that says why",
    Effect.gen(function*() {
      const registry = yield* DeploymentRegistry
      const refused = (more: Partial<Deployment>) =>
        Effect.map(Effect.flip(registry.put(deployed(Analyze(1), more))), (error) => error.message)
      assert.match(yield* refused({ endpoint: "file:///etc/passwd" }), /its endpoint is no http or https URL/)
      assert.match(yield* refused({ endpoint: "http://user:secret@host/" }), /without credentials/)
      assert.notMatch(yield* refused({ endpoint: "http://user:secret@host/" }), /secret/)
      assert.match(yield* refused({ version: 1.5 }), /its version is no whole number/)
      assert.match(yield* refused({ key: "" }), /its key is empty/)
      assert.match(yield* refused({ input: { description: "x".repeat(2_000_000) } }), /its schemas are too large/)
      assert.deepStrictEqual(yield* registry.list, [])
    })
  )

  test(
    "lead a call to the version its caller was compiled against",
    Effect.gen(function*() {
      const registry = yield* DeploymentRegistry
      yield* registry.put(deployed(Analyze(1), { endpoint: "http://127.0.0.1:1/" }))
      yield* registry.put(deployed(Analyze(2), { endpoint: "http://127.0.0.1:2/" }))
      assert.strictEqual((yield* resolve(registry, Analyze(1))).endpoint, "http://127.0.0.1:1/")
      assert.strictEqual((yield* resolve(registry, Analyze(2))).endpoint, "http://127.0.0.1:2/")
      assert.strictEqual((yield* resolve(registry, Analyze(2), 1)).endpoint, "http://127.0.0.1:1/")
      assert.strictEqual((yield* resolveKey(registry, "ai.analyzeText")).endpoint, "http://127.0.0.1:2/")
    })
  )

  test(
    "that are not there are a remote function not found",
    Effect.gen(function*() {
      const registry = yield* DeploymentRegistry
      yield* registry.put(deployed(Analyze(1)))
      const error = yield* Effect.flip(resolve(registry, Analyze(2)))
      assert.strictEqual(error.reason._tag, "RemoteFunctionNotFound")
      assert.strictEqual(error.message, "Remote function not found: ai.analyzeText")
    })
  )

  test(
    "whose schema no longer fits the caller's say what differs",
    Effect.gen(function*() {
      const registry = yield* DeploymentRegistry
      yield* registry.put(deployed(Analyze(1, Schema.Struct({ text: Schema.Number }))))
      const caller = Analyze(1)
      const error = yield* Effect.flip(resolve(registry, caller))
      assert.deepStrictEqual(error.reason, {
        _tag: "Incompatible",
        difference: "input.text: string here, number deployed"
      })
      yield* registry.put(deployed(Analyze(1), { deployedFunctionId: "fitting again" }))
      assert.strictEqual((yield* resolve(registry, caller)).deployedFunctionId, "fitting again")
    })
  )
})

describe("a registry in a database", () => {
  it.effect("is read by another process than the one that wrote it", () =>
    Effect.gen(function*() {
      const file = join(folder, "shared.db")
      const use = <A>(f: (registry: (typeof DeploymentRegistry)["Service"]) => Effect.Effect<A, unknown>) =>
        Effect.provide(Effect.flatMap(DeploymentRegistry, f), Layer.fresh(layerFile(file)))
      yield* use((registry) => registry.put(deployed(Analyze(1))))
      assert.deepStrictEqual(yield* use((registry) => registry.find("ai.analyzeText", 1)), deployed(Analyze(1)))
    }))

  it.effect("names what it cannot read instead of guessing", () =>
    Effect.gen(function*() {
      const sql = yield* LibsqlClient.LibsqlClient
      const registry = yield* DeploymentRegistry
      yield* registry.put(deployed(Analyze(1)))
      yield* sql`UPDATE opbus_deployment SET record = '{"v":7}'`
      const error = yield* Effect.flip(registry.list)
      assert.match(error.message, /its version is 7, and this release reads 1/)
      const call = yield* Effect.flip(resolve(registry, Analyze(1)))
      assert.strictEqual(call.reason._tag, "RemoteUnavailable")
      assert.match(call.message, /the deployments cannot be read/)
    }).pipe(Effect.provide(SqlDeploymentRegistry.layer.pipe(
      Layer.provideMerge(LibsqlClient.layer({ url: `file:${join(folder, "broken.db")}` }))
    ))))
})

describe("a deployment", () => {
  it.effect("survives the wire", () =>
    Effect.gen(function*() {
      const full = deployed(Analyze(3), { description: "…", stream: true, error: { type: "string" } })
      const read = yield* DeploymentRecord.read(JSON.parse(JSON.stringify(toMessage(full))))
      assert.deepStrictEqual(fromMessage(read), full)
    }))

  it.effect("of a message without schemas accepts everything", () =>
    Effect.gen(function*() {
      const message = { v: 1, id: "d", key: "a.b", version: 1, endpoint: "https://x.test", deployedAt: 1 }
      const deployment = fromMessage(yield* DeploymentRecord.read(message))
      assert.deepStrictEqual([deployment.name, deployment.input, deployment.services], ["a.b", {}, []])
    }))
})

process.on("exit", () => rmSync(folder, { recursive: true, force: true }))
