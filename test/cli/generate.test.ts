import { assert, describe, it } from "@effect/vitest"
import { spawn, spawnSync } from "node:child_process"
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { onTestFinished, vi } from "vitest"
import { makeProject, paths, put, read, repository, snapshot, spec } from "../spec/backend/support/projects.ts"
import { randomSpecs } from "../spec/support/randomSpec.ts"

vi.setConfig({ testTimeout: 120_000 })

const bin = ["--conditions=opbus-source", join(repository, "src/cli/bin.ts")]

/** As a user runs it: in the project, as a process. */
const generate = (root: string, ...args: ReadonlyArray<string>) => {
  const { status, stderr, stdout } = spawnSync(process.execPath, [...bin, "generate", ...args], {
    cwd: root,
    encoding: "utf8"
  })
  return { code: status, stdout, stderr }
}

const operation = "src/operations/text/TextMeasure.ts"
const handler = "src/operations/text/TextMeasure.server.ts"
const measure = spec("text/measure", {
  effects: "read",
  errors: { TextEmpty: { fields: { why: { type: "string" } } } },
  examples: [
    { description: "Three letters", params: { text: "abc" }, result: { length: 3 } },
    { description: "Nothing", params: { text: "" }, error: { _tag: "TextEmpty", why: "nothing to measure" } }
  ]
})

describe("opbus generate", () => {
  it("writes what the specs make, and then has nothing to do", () => {
    const root = makeProject({ "specs/text/measure.json": measure })
    const first = generate(root)
    assert.deepStrictEqual(first, {
      code: 0,
      stdout: [
        "create    src/operations/text/TextMeasure.md",
        `create    ${handler}`,
        "create    src/operations/text/TextMeasure.test.ts",
        `create    ${operation}`,
        "4 created, 0 updated, 0 unchanged\n"
      ].join("\n"),
      stderr: ""
    })
    const before = snapshot(root)
    assert.deepStrictEqual(generate(root), {
      code: 0,
      stdout: "0 created, 0 updated, 3 unchanged, 1 yours\n",
      stderr: ""
    })
    assert.deepStrictEqual(snapshot(root), before)
  })

  it("says with --dry-run what it would do, and does nothing", () => {
    const root = makeProject({ "specs/text/measure.json": measure })
    const { code, stdout } = generate(root, "--dry-run", "--json")
    assert.strictEqual(code, 0)
    const lines = stdout.trim().split("\n").map((line) => JSON.parse(line))
    assert.deepStrictEqual(lines.at(-1), {
      _tag: "Planned",
      created: 4,
      updated: 0,
      unchanged: 0,
      kept: 0,
      conflicts: 0,
      stale: 0
    })
    assert.deepStrictEqual(lines[1], { _tag: "File", action: "create", path: handler })
    assert.deepStrictEqual(paths(root), ["specs/text/measure.json"])
  })

  it("a broken spec writes nothing of any spec, and every problem has its place", () => {
    const root = makeProject({
      "specs/text/measure.json": measure,
      "specs/a.json": spec("a/one", { params: [{ name: "x", type: "strng" }] }),
      "specs/b.json": "{ \"version\": 2,\n  \"name\" }"
    })
    const { code, stderr, stdout } = generate(root)
    assert.strictEqual(code, 2)
    assert.strictEqual(stdout, "")
    assert.match(stderr, /^opbus: specs\/b\.json:2:10: /m)
    assert.match(stderr, /^opbus: nothing was written$/m)
    rmSync(join(root, "specs/b.json"))
    const second = generate(root, "--json")
    assert.strictEqual(second.code, 2)
    const [problem, end] = second.stderr.trim().split("\n").map((line) => JSON.parse(line))
    assert.strictEqual(problem._tag, "Problem")
    assert.strictEqual(problem.source, "specs/a.json")
    assert.include(problem.message, "Did you mean \"string\"?")
    assert.strictEqual(end.exitCode, 2)
    assert.isFalse(existsSync(join(root, "src")))
  })

  it("stops at a file that was edited; --force keeps a copy; --prune removes what a removed spec has left", () => {
    const root = makeProject({ "specs/text/measure.json": measure, "specs/other.json": spec("text/other") })
    assert.strictEqual(generate(root).code, 0)
    put(root, { [operation]: `${read(root, operation)}// mine\n`, [handler]: "// written\n" })
    const refused = generate(root)
    assert.strictEqual(refused.code, 1)
    assert.include(refused.stderr, `${operation} (it has been edited by hand)`)
    const forced = generate(root, "--force")
    assert.strictEqual(forced.code, 0)
    assert.match(forced.stdout, /^copy {6}src\/operations\/text\/TextMeasure\.ts\.bak-1$/m)
    assert.match(read(root, `${operation}.bak-1`), /\/\/ mine\n$/)
    assert.strictEqual(read(root, handler), "// written\n")
    rmSync(join(root, "specs/other.json"))
    assert.include(generate(root).stdout, "3 stale (--prune removes them)")
    assert.include(generate(root, "--prune").stdout, "3 removed")
    assert.deepStrictEqual(readdirSync(join(root, "src/operations/text")).sort(), [
      "TextMeasure.md",
      "TextMeasure.server.ts",
      "TextMeasure.test.ts",
      "TextMeasure.ts",
      "TextMeasure.ts.bak-1",
      "TextOther.server.ts"
    ])
  })

  it("takes one spec by its file or name, from any folder of the project, and other adapters", () => {
    const root = makeProject({
      "opbus.config.json": { specs: "specs" },
      "specs/text/measure.json": measure,
      "specs/other.json": spec("text/other")
    })
    assert.include(generate(join(root, "specs/text"), "--spec", "measure.json").stdout, "4 created")
    assert.include(generate(root, "--spec", "text/other", "--spec", "specs/other.json").stdout, "4 created")
    const wrong = generate(root, "--spec", "text/othr")
    assert.strictEqual(wrong.code, 2)
    assert.include(wrong.stderr, "Did you mean \"text/other\"?")
    const adapter = generate(root, "--adapter", "json-schma")
    assert.strictEqual(adapter.code, 2)
    assert.include(adapter.stderr, "did you mean \"json-schema\"?")
  })

  it("asks adapters of npm packages, found from the project", () => {
    const root = makeProject({ "specs/text/measure.json": measure })
    rmSync(join(root, "node_modules"))
    put(root, {
      "opbus.config.json": { adapters: ["shout"], plugins: ["opbus-adapter-shout"] },
      "node_modules/opbus-adapter-shout/package.json": {
        name: "opbus-adapter-shout",
        type: "module",
        exports: "./a.js"
      },
      "node_modules/opbus-adapter-shout/a.js":
        `export default [{ name: "shout", description: "", version: 1, command: (c) => [{
        path: "shout/" + c.key + ".txt", kind: "generated", contents: c.key.toUpperCase(), sources: [c.source], hash: c.hash, comment: "#"
      }] }]`
    })
    assert.include(generate(root).stdout, "shout/text.measure.txt")
    assert.match(read(root, "shout/text.measure.txt"), /\nTEXT\.MEASURE\n$/)
    put(root, { "node_modules/opbus-adapter-shout/a.js": "throw new Error('broken\\nhere')" })
    const broken = generate(root)
    assert.strictEqual(broken.code, 2)
    assert.include(broken.stderr, "the adapter \"opbus-adapter-shout\" could not be imported: broken")
    rmSync(join(root, "node_modules"), { recursive: true })
    assert.include(generate(root).stderr, "is not installed; run npm install opbus-adapter-shout")
  })

  it("counts what a line of a spec makes", () => {
    const root = makeProject({ "specs/gpu/stats.json": read(repository, "specs/gpu/stats.json") })
    const { code, stdout } = generate(root, "--stats", "--json")
    assert.strictEqual(code, 0)
    const stats = stdout.trim().split("\n").map((line) => JSON.parse(line)).find(({ _tag }) => _tag === "Stats")
    assert.strictEqual(stats.spec, "specs/gpu/stats.json")
    assert.isAtLeast(stats.perLine, 15)
  })

  it("migrates specs of version 1", () => {
    const old = {
      name: "gpu/stats",
      description: "Query GPU memory stats",
      params: [{ name: "subsystem", type: "string", optional: true }],
      results: [{ name: "gpuName", type: "string" }],
      accessLevel: "ai-safe"
    }
    const root = makeProject({ "specs/gpu.json": old, "specs/new.json": measure })
    const { code, stderr } = generate(root, "--migrate")
    assert.strictEqual(code, 0, stderr)
    assert.strictEqual(stderr, "opbus: specs/gpu.json is version 2 now\n")
    const migrated = JSON.parse(read(root, "specs/gpu.json"))
    assert.strictEqual(migrated.version, 2)
    assert.strictEqual(migrated.accessLevel, "ai-safe")
    assert.deepStrictEqual(JSON.parse(read(root, "specs/new.json")), measure)
  })

  it("the generated tests pass once the body is written, and fail when it is wrong", () => {
    const root = makeProject({
      "package.json": { type: "module" },
      "specs/text/measure.json": measure,
      "vitest.config.ts": `export default ${
        JSON.stringify({
          resolve: {
            conditions: ["opbus-source"],
            alias: [{ find: "^opbus/(.*)$", replacement: `${join(repository, "src")}/$1.ts` }]
          },
          test: { include: ["src/**/*.test.ts"] }
        }).replace("\"^opbus/(.*)$\"", "/^opbus\\/(.*)$/")
      }\n`
    })
    assert.strictEqual(generate(root).code, 0)
    const vitest = () => {
      const { status, stderr, stdout } = spawnSync(join(repository, "node_modules/.bin/vitest"), ["run"], {
        cwd: root,
        encoding: "utf8",
        env: { PATH: process.env["PATH"], NO_COLOR: "1" }
      })
      return { status, output: `${stdout}${stderr}` }
    }
    const unwritten = vitest()
    assert.strictEqual(unwritten.status, 1)
    assert.include(unwritten.output, `text.measure is not implemented yet: write it in ${handler}`)
    const body = (answer: string) =>
      `import * as Effect from "effect/Effect"
import { TextEmpty, TextMeasure } from "./TextMeasure.ts"
export const TextMeasureServer = TextMeasure.toLayer(({ text }) =>
  text === "" ? Effect.fail(new TextEmpty({ why: "nothing to measure" })) : Effect.succeed({ length: ${answer} })
)
`
    put(root, { [handler]: body("text.length") })
    const written = vitest()
    assert.strictEqual(written.status, 0, written.output)
    assert.match(written.output, /Tests.*5 passed/)
    put(root, { [handler]: body("text.length + 0.5") })
    const wrong = vitest()
    assert.strictEqual(wrong.status, 1)
    assert.include(wrong.output, "answers everything that its schema takes")
  })

  it("watches: generates again what a changed spec makes, and goes on after a broken one", async () => {
    const root = makeProject({ "specs/text/measure.json": measure, "specs/other.json": spec("text/other") })
    const child = spawn(process.execPath, [...bin, "generate", "--watch"], { cwd: root })
    onTestFinished(() => void child.kill("SIGKILL"))
    let output = ""
    child.stdout.on("data", (chunk: Buffer) => output += chunk.toString())
    child.stderr.on("data", (chunk: Buffer) => output += chunk.toString())
    const until = async (text: string) => {
      await vi.waitFor(() => assert.include(output, text), { timeout: 60_000, interval: 20 })
      output = ""
    }
    await until("watching specs")
    put(root, { "specs/text/measure.json": { ...measure, description: "Measures it" } })
    await until("0 created, 3 updated, 0 unchanged")
    assert.include(read(root, operation), "Measures it")
    put(root, { "specs/text/measure.json": "{" })
    await until("opbus: specs/text/measure.json:1:2: ")
    put(root, { "specs/text/measure.json": { ...measure, description: "Again" } })
    await until("3 updated")
    put(root, { "specs/third.json": spec("text/third") })
    await until("4 created")
    rmSync(join(root, "specs/other.json"))
    await until("3 stale")
    put(root, { "opbus.config.json": { typescript: { docs: "docs" } } })
    await until("create    docs/text/TextMeasure.md")
    const ended = new Promise<number | null>((resolve) => child.on("close", (code) => resolve(code)))
    child.kill("SIGINT")
    assert.strictEqual(await ended, 130)
  })

  it("a process that is killed in the middle leaves no half-written file, and the next run completes", async () => {
    const root = makeProject()
    mkdirSync(join(root, "specs"))
    const adapters = ["server-only", "full-stack", "browser-only"]
    for (const { source, spec } of randomSpecs(31, 60, { adapters })) {
      writeFileSync(join(root, "specs", source.replaceAll("/", "-")), JSON.stringify(spec))
    }
    // Killed when the first files are in their places: the renames are under way.
    const child = spawn(process.execPath, [...bin, "generate"], { cwd: root })
    const ended = new Promise((resolve) => child.on("close", resolve))
    while (!existsSync(join(root, "src/operations")) && child.exitCode === null) {
      await new Promise((resolve) => setImmediate(resolve))
    }
    child.kill("SIGKILL")
    await ended
    const left = snapshot(root)
    for (const [path, text] of Object.entries(left)) {
      if (path.startsWith("src/")) assert.match(text, /\n$/, path)
    }
    const { code, stderr } = generate(root)
    assert.strictEqual(code, 0, stderr)
    const complete = snapshot(root)
    for (const [path, text] of Object.entries(left)) {
      if (path.startsWith("src/")) assert.strictEqual(text, complete[path], path)
    }
    assert.match(generate(root).stdout, /^0 created, 0 updated, \d+ unchanged/)
  })
})
