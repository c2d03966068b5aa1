import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join, relative } from "node:path"
import { parseSync } from "oxc-parser"
import * as Deployer from "../../../src/node/Deployer.ts"
import { markPure } from "../../../src/node/internal/deploy/pure.ts"
import { DeploymentRegistry } from "../../../src/remote/DeploymentRegistry.ts"
import { build, codeOf, environment, post } from "./kit.ts"

const canaries = (code: string): ReadonlyArray<string> => [...new Set(code.match(/CANARY_\w+/g))].sort()

describe("a bundle", () => {
  it.live("has nothing of the application but the handler that was asked for", () =>
    Effect.gen(function*() {
      for (const minify of [true, false]) {
        const analyze = yield* build("app.ts", ["ai.analyzeText"], { minify })
        // Neither code nor strings: of other handlers, of other definitions in the same file, of what those import.
        assert.deepStrictEqual(canaries(codeOf(analyze)), [])
        assert.include(codeOf(analyze), "ai.analyzeText")
        for (const text of ["data.import", "ai.translate", "Importer"]) assert.notInclude(codeOf(analyze), text)
        const own = analyze.modules.map(([file]) => file).filter((file) => /fixtures.*\.ts$/.test(file))
        assert.deepStrictEqual(own.map((file) => file.split("/").at(-1)).sort(), [
          "analyzeTextHandler.ts",
          "definitions.ts"
        ])
      }
      const translate = yield* build("app.ts", ["ai.translate"])
      assert.deepStrictEqual(canaries(codeOf(translate)), [
        "CANARY_FIELD",
        "CANARY_TRANSLATE_CODE",
        "CANARY_TRANSLATE_LABEL"
      ])
      assert.notInclude(codeOf(translate), "analyzeText")
    }).pipe(Effect.scoped))

  it.live("has all of the handlers that were asked for", () =>
    Effect.gen(function*() {
      const both = yield* build("app.ts", ["ai.translate", "ai.analyzeText"])
      assert.deepStrictEqual(both.functions.map(({ key }) => key), ["ai.translate", "ai.analyzeText"])
      const { endpoint } = yield* Deployer.start(both)
      const analyzed = yield* post(`${endpoint}/ai.analyzeText`, { text: "good" })
      const translated = yield* post(`${endpoint}/ai.translate`, { text: "good", CANARY_FIELD: "" })
      assert.deepStrictEqual([analyzed.status, translated.json()], [200, "CANARY_TRANSLATE_CODE good"])
    }).pipe(Effect.scoped))

  it.live("is the same for the same sources, and so is the id of what is in it", () =>
    Effect.gen(function*() {
      const [one, same] = [yield* build("app.ts", ["ai.analyzeText"]), yield* build("app.ts", ["ai.analyzeText"])]
      const other = yield* build("app.ts", ["ai.analyzeText"], { compile: false })
      const idOf = ({ functions: [first] }: Deployer.Built) => first!.deployedFunctionId
      assert.strictEqual(idOf(one), idOf(same))
      assert.notStrictEqual(idOf(one), idOf(other))
      assert.match(idOf(one), /^ai\.analyzeText@1-[0-9a-f]{12}$/)
    }).pipe(Effect.scoped))

  it.live("comes with a record of what is in it", () =>
    Effect.gen(function*() {
      const built = yield* build("notebook.ts", ["note.read"], { target: "cloudflare" })
      const record = JSON.parse(readFileSync(join(built.folder, "deployment.json"), "utf8"))
      assert.deepStrictEqual(record.size, built.size)
      const [read] = record.functions
      assert.deepStrictEqual([read.key, read.version, read.services, read.stream], [
        "note.read",
        1,
        ["notebook/DatabaseService", "effect/crypto/Digest"],
        false
      ])
      assert.deepStrictEqual(read.input.required, ["id"])
      assert.include(JSON.stringify(read.output), "\"body\":{\"type\":\"string\"}")
    }).pipe(Effect.scoped))
})

describe("a worker for Node", () => {
  it.live("runs as a server, and is recorded", () =>
    Effect.gen(function*() {
      const built = yield* build("countV2App.ts", ["text.count"], { target: "node" })
      const { endpoint } = yield* Deployer.start(built)
      const [recorded] = yield* Deployer.record(built, endpoint)
      const registry = yield* DeploymentRegistry
      assert.deepStrictEqual(yield* registry.find("text.count", 2), recorded)
      const { json, status } = yield* post(`${endpoint}/text.count`, { text: "a b", of: "words" })
      assert.deepStrictEqual([status, json()], [200, { count: 2, at: "1970-01-01T00:00:00.000Z" }])
      const failed = yield* post(`${endpoint}/text.count`, { text: " ", of: "words" })
      assert.deepStrictEqual([failed.status, failed.json()], [422, { _tag: "Blank", of: "words" }])
      const denied = yield* post(`${endpoint}/text.count`, {}, { origin: "https://evil.test" })
      assert.strictEqual(denied.status, 403)
    }).pipe(Effect.provide(DeploymentRegistry.layerMemory), Effect.scoped))

  it.live("takes its secrets from the environment", () =>
    Effect.gen(function*() {
      yield* environment({ API_TOKEN: "12345", OPBUS_SECRET: "let-me-in" })
      const built = yield* build("bindings.ts", ["test.tokenLength"], { target: "node" })
      yield* environment({ GREETING: "hi" })
      const { endpoint } = yield* Deployer.start(built)
      assert.strictEqual((yield* post(`${endpoint}/test.tokenLength`, null)).status, 403)
      const answer = yield* post(`${endpoint}/test.tokenLength`, null, { authorization: "Bearer let-me-in" })
      assert.deepStrictEqual(answer.json(), { length: 5, greeting: "hi", shown: "<redacted:API_TOKEN>" })
    }).pipe(Effect.scoped))
})

describe("a worker for Cloudflare", () => {
  it.live("is accepted by wrangler deploy --dry-run, which needs no network", () =>
    Effect.gen(function*() {
      const built = yield* build("notebook.ts", ["note.read", "note.find"], { target: "cloudflare", name: "notes" })
      const { endpoint, output } = yield* Deployer.upload(built, { dryRun: true })
      assert.isUndefined(endpoint)
      assert.match(output, /--dry-run: exiting now/)
      assert.match(output, /env\.DB \(notes\)\s+D1 Database/)
      const configuration = readFileSync(join(built.folder, "wrangler.jsonc"), "utf8")
      assert.match(configuration, /wrangler secret put OPBUS_SECRET/)
      assert.deepStrictEqual(readdirSync(join(built.folder, "dist")).includes("worker.js"), true)
    }).pipe(Effect.scoped), 60_000)

  it.live("is not started here", () =>
    Effect.gen(function*() {
      const built = yield* build("app.ts", ["ai.analyzeText"], { target: "cloudflare" })
      assert.match((yield* Effect.flip(Deployer.start(built))).message, /is uploaded, not started/)
    }).pipe(Effect.scoped))
})

describe("an application that cannot be deployed", () => {
  const attempt = (
    files: Readonly<Record<string, string>>,
    operations: ReadonlyArray<string> = ["a.b"],
    options: Partial<Deployer.BuildOptions> = {}
  ) =>
    Effect.gen(function*() {
      // Inside the repository, so that it finds opbus by its name.
      const root = join(import.meta.dirname, "../../../.doctest")
      mkdirSync(root, { recursive: true })
      const place = yield* folderIn(root)
      for (const [name, text] of Object.entries(files)) writeFileSync(join(place, name), text)
      return yield* Effect.flip(Deployer.build({
        app: relative(process.cwd(), join(place, "app.ts")),
        operations,
        target: "workerd",
        out: join(place, "out"),
        ...options
      }))
    }).pipe(Effect.map(({ message, reason }) => ({ message, reason })))

  const head = `import * as Operation from "opbus/operation/Operation"
import * as Deployable from "opbus/remote/Deployable"
export const Op = Operation.make({ meta: { key: "a.b" } })
const handler = new URL("./handler.ts", import.meta.url)
`
  const handler = `import * as Effect from "effect/Effect"
import { Op } from "./app.ts"
export default Op.toLayer(() => Effect.void)
`
  const cases: ReadonlyArray<readonly [what: string, files: Record<string, string>, reason: string, message: RegExp]> =
    [
      ["there is no such file", {}, "InvalidApp", /there is no file .*app\.ts in .*; check the path$/],
      [
        "it does not load",
        { "app.ts": "throw new Error('no\\nway')" },
        "InvalidApp",
        /could not be imported: no; correct the module$/
      ],
      [
        "it exports no deployables",
        { "app.ts": "export const a = 1" },
        "InvalidApp",
        /exports no "deployables", only a; add: export const deployables/
      ],
      [
        "they are none",
        { "app.ts": "export const deployables = { a: 1 }" },
        "InvalidApp",
        /are no list of Deployable\.make/
      ],
      [
        "one is there twice",
        {
          "app.ts":
            `${head}export const deployables = [Deployable.make(Op, { handler }), Deployable.make(Op, { handler })]`,
          "handler.ts": handler
        },
        "InvalidApp",
        /have a\.b twice/
      ],
      [
        "the handler's file is missing",
        { "app.ts": `${head}export const deployables = [Deployable.make(Op, { handler })]` },
        "InvalidApp",
        /the file .*handler\.ts of a\.b is not there/
      ],
      [
        "the handler's file has no such export",
        {
          "app.ts": `${head}export const deployables = [Deployable.make(Op, { handler, export: "Nope" })]`,
          "handler.ts": handler
        },
        "Bundle",
        /handler\.ts has no export "Nope", which the deployables of a\.b name/
      ],
      [
        "the handler needs Node",
        {
          "app.ts": `${head}export const deployables = [Deployable.make(Op, { handler })]`,
          "handler.ts": `import * as fs from "node:fs"\n${handler}console.log(fs)`
        },
        "Bundle",
        /the handler needs node:fs \(handler\.ts:1\), which workerd does not have/
      ],
      [
        "a binding is none of workerd's",
        {
          "app.ts":
            `${head}export const deployables = [Deployable.make(Op, { handler, bindings: { DB: { type: "d1" } } })]`,
          "handler.ts": handler
        },
        "InvalidOptions",
        /DB is a D1 database, which workerd does not have; use the target cloudflare/
      ]
    ]
  for (const [what, files, reason, message] of cases) {
    it.live(`is told in one line that ${what}`, () =>
      Effect.gen(function*() {
        const error = yield* attempt(files)
        assert.strictEqual(error.reason, reason)
        assert.match(error.message, message)
        assert.notInclude(error.message, "\n")
      }).pipe(Effect.scoped))
  }

  it.live("names what it could deploy, and what was probably meant", () =>
    Effect.gen(function*() {
      const ask = (operations: ReadonlyArray<string>) =>
        Effect.map(Effect.flip(build("app.ts", operations)), ({ message }) => message)
      assert.match(yield* ask([]), /can deploy ai\.analyzeText, ai\.translate$/)
      assert.match(yield* ask(["ai.analyseText"]), /did you mean ai\.analyzeText\?$/)
      assert.match(yield* ask(["__proto__"]), /cannot deploy __proto__/)
    }).pipe(Effect.scoped))

  it.live("has a name that a worker can have", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(build("app.ts", ["ai.analyzeText"], { name: "../evil" }))
      assert.match(error.message, /"\.\.\/evil" cannot be the name of a worker/)
    }).pipe(Effect.scoped))
})

const folderIn = (root: string) =>
  Effect.acquireRelease(
    Effect.sync(() => mkdtempSync(join(root, "deploy-"))),
    (place) => Effect.sync(() => rmSync(place, { recursive: true, force: true }))
  )

describe("definitions without side effects", () => {
  const marked = (source: string) => markPure(parseSync as never, "/app/a.ts", source)
  const wrapped = (code: string) => `(/* @__PURE__ */ (() => (${code}))())`
  const head = `import * as Operation from "opbus/operation/Operation"\nimport { Context, Effect } from "effect"\n`

  it("are marked as such, one by one", () => {
    const call = `Operation.make({ meta: { key: "a" } })`
    assert.strictEqual(marked(`${head}const A = ${call}`), `${head}const A = ${wrapped(call)}`)
    assert.strictEqual(
      marked(`${head}export class A extends ${call}.annotate(x, y) { static readonly l = Effect.succeed(1) }`),
      `${head}export class A extends ${wrapped(`${call}.annotate(x, y)`)} { static readonly l = ${
        wrapped("Effect.succeed(1)")
      } }`
    )
    const service = `Context.Service<S, { a: 1 }>()("S")`
    assert.strictEqual(marked(`${head}class S extends ${service} {}`), `${head}class S extends ${wrapped(service)} {}`)
    assert.strictEqual(
      marked(`${head}export default A.toLayer(() => 1)`),
      `${head}export default ${wrapped("A.toLayer(() => 1)")}`
    )
  })

  it("are never what runs something, waits, or comes from elsewhere", () => {
    for (
      const statement of [
        "const a = Effect.runSync(b)",
        "const a = Effect.runPromise(b).then(c)",
        "const a = start()",
        "const a = other.make()",
        "const a = Effect.succeed(await b)",
        "Effect.log(1)",
        "const a = b[Effect]()",
        "const { a } = Effect.all({})",
        "const a = 1"
      ]
    ) {
      assert.strictEqual(marked(head + statement), head + statement)
    }
    assert.strictEqual(marked("this is no module ("), "this is no module (")
  })
})
