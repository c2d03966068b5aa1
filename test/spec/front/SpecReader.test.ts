import { assert, describe, it } from "@effect/vitest"
import * as Result from "effect/Result"
import { globSync, readFileSync } from "node:fs"
import type * as CommandSpec from "opbus/spec/CommandSpec"
import type * as SpecIr from "opbus/spec/SpecIr"
import * as SpecReader from "opbus/spec/SpecReader"
import * as TypeRegistry from "opbus/spec/TypeRegistry"

const root = new URL("../../../", import.meta.url)
const source = "specs/a/b.json"

const messageOf = (text: string): string => {
  const parsed = SpecReader.parse(source, text)
  if (Result.isSuccess(parsed)) assert.fail(`this was read: ${text}`)
  return parsed.failure.message
}

const read = (spec: object, from = source): SpecReader.SpecFile => {
  const parsed = SpecReader.parse(from, JSON.stringify(spec, null, 2))
  if (Result.isFailure(parsed)) assert.fail(parsed.failure.message)
  return { source: from, spec: parsed.success }
}

const resolve = (files: ReadonlyArray<SpecReader.SpecFile>, registry = TypeRegistry.empty): SpecReader.Resolved => {
  const resolved = SpecReader.resolve(files, registry)
  if (Result.isFailure(resolved)) assert.fail(resolved.failure.message)
  return resolved.success
}

const rust = (module = "modules/gpu") => ({ module, traits: ["ManagedService"] })

describe("parse", () => {
  it("says where a text is no JSON, and what to do", () => {
    const table: ReadonlyArray<readonly [text: string, message: string]> = [
      ["", "1:1: the text ends where a value should be."],
      ["{", "1:2: a key in double quotes is expected here."],
      [
        "{\n  \"name\": \"a\n}",
        "2:13: name: the string is not closed on its line, or holds a control character: write \\n or \\u0000."
      ],
      ["{ \"name\": \"a", "1:11: name: the string that starts here is not closed."],
      ["{ \"a\": 1, }", "1:9: JSON has no comma after the last item."],
      ["{ // why\n}", "1:3: JSON has no comments: use a \"description\"."],
      ["{ \"a\": 'x' }", "1:8: a: strings stand in double quotes."],
      ["{ \"a\" 1 }", "1:7: a: \":\" is expected here."],
      ["{ \"a\": 1 \"b\": 2 }", "1:10: \",\" or \"}\" is expected here."],
      ["{ \"a\": 01 }", "1:9: \",\" or \"}\" is expected here."],
      ["{ \"a\": NaN }", "1:8: a: this is no JSON value: \"NaN\"."],
      ["{ \"a\": 1e999 }", "1:8: a: the number is too large."],
      ["{ \"a\": 1, \"a\": 2 }", "1:11: a: the key \"a\" stands twice in this object."],
      ["{ \"__proto__\": {} }", "1:3: __proto__: the key \"__proto__\" is not allowed."],
      ["{ \"a\": \"\\x\" }", "1:9: a: this escape is not known to JSON."],
      [
        "{ \"a\": \"\\ud800\" }",
        "1:8: a: the string holds half of a character: write both parts of the surrogate pair."
      ],
      ["{ \"a\": /* x */ 1 }", "1:8: a: JSON has no comments: use a \"description\"."],
      ["{ \"a\": tru }", "1:8: a: this is no JSON value: \"tru\"."],
      ["[] []", "1:4: there is more text after the end of the JSON."],
      ["[".repeat(65), `1:65: ${"[0]".repeat(64)}: the JSON is nested deeper than 64 levels.`]
    ]
    for (const [text, message] of table) {
      const at = /^(\d+:\d+): (.*)$/s.exec(message)!
      assert.strictEqual(messageOf(text), `${source}:${at[1]}: ${at[2]}`, text)
    }
    assert.match(messageOf(`"${"x".repeat(1024 * 1024)}"`), /larger than 1048576 characters/)
  })

  it("reads JSON as the platform does", () => {
    const value = {
      text: "quote \" back \\ line \n tab \t null \u0000 é \u2028 🎉 \\u0041 \\\\\" /",
      numbers: [0, -0.5, 1e21, 1.5e-7, 123456789],
      nested: [{}, [], [[1]], { a: { b: [true, false, null] } }]
    }
    const file = read({
      version: 2,
      name: "a/b",
      description: "x",
      adapter: "server-only",
      examples: [{ params: value }]
    })
    assert.deepStrictEqual(file.spec.examples, [{ params: value }])
  })

  it("says everything that is wrong with the shape at once, in the order of lines", () => {
    const text = `{
  "version": 2,
  "name": "gpu",
  "nmae": 1,
  "description": "",
  "environment": "servr",
  "adapter": "server-only",
  "types": {
    "A": { "fields": { "x": { "typ": "string" } } },
    "B": { "enum": "x" },
    "C": 5,
    "D": { "feilds": {} },
    "E": { "union": { "V": { "fields": 1 } } }
  },
  "params": [{ "name": "a b", "type": 4 }],
  "results": {}
}`
    assert.deepStrictEqual(messageOf(text).split("\n"), [
      `${source}:3:11: name: expected a name such as gpu/stats: two or more parts in kebab-case or camelCase, found "gpu".`,
      `${source}:4:11: nmae: the key "nmae" is not known here. Did you mean "name"?`,
      `${source}:5:18: description: expected a description, in a few words, found "".`,
      `${source}:6:18: environment: expected "server", "browser" or "both", found "servr". Did you mean "server"?`,
      `${source}:9:29: types.A.fields.x: the key "type" is missing.`,
      `${source}:9:38: types.A.fields.x.typ: the key "typ" is not known here. Did you mean "type"?`,
      `${source}:10:20: types.B.enum: expected an array or an object, found "x".`,
      `${source}:11:10: types.C: a declaration of a type has one of the keys "fields", "enum", "union" and "type".`,
      `${source}:12:10: types.D: a declaration of a type has one of the keys "fields", "enum", "union" and "type". Did you mean "fields"?`,
      `${source}:13:40: types.E.union.V.fields: expected an object, found 1.`,
      `${source}:15:24: params[0].name: expected a name such as budgetMb: letters and digits, found "a b".`,
      `${source}:15:39: params[0].type: expected a string, found 4.`,
      `${source}:16:14: results: expected an array, found an object.`
    ])
  })

  it("refuses versions that it does not know, and keys of version 2 without a version", () => {
    assert.strictEqual(
      messageOf("{ \"version\": 3 }"),
      `${source}:1:14: version: version 3 of the format is not known: write 2.`
    )
    assert.strictEqual(
      messageOf("{ \"name\": \"a/b\", \"adapter\": \"server-only\" }"),
      `${source}:1:1: the key "version" is missing, and "adapter" is a key of version 2: add "version": 2.`
    )
    assert.match(messageOf("[]"), /a spec is a JSON object/)
  })
})

describe("version 1", () => {
  it("becomes version 2", () => {
    // The example of the design that this format comes from, with more types of TypeScript.
    const { spec } = read({
      name: "gpu/stats",
      description: "Query GPU memory stats",
      params: [
        { name: "subsystem", type: "string", optional: true },
        { name: "since", type: "Date | undefined" },
        { name: "kind", type: "'any' | 'Date'", default: "any", description: "What to count" }
      ],
      results: [
        { name: "gpuName", type: "string" },
        { name: "detail", type: "Record<string, any>" },
        { name: "dump", type: "ReadonlyArray<Buffer>" }
      ],
      accessLevel: "ai-safe",
      examples: [{ description: "Get full GPU stats", command: "./jtag gpu/stats", expectedResult: "stats" }]
    })
    assert.deepStrictEqual(spec, {
      version: 2,
      name: "gpu/stats",
      description: "Query GPU memory stats",
      environment: "server",
      adapter: "server-only",
      accessLevel: "ai-safe",
      params: [
        { name: "subsystem", type: "string", optional: true },
        { name: "since", type: "timestamp", optional: true },
        { name: "kind", type: "'any' | 'Date'", default: "any", description: "What to count" }
      ],
      results: [
        { name: "gpuName", type: "string" },
        { name: "detail", type: "Record<string, json>" },
        { name: "dump", type: "Array<bytes>" }
      ],
      examples: [{ description: "Get full GPU stats", command: "./jtag gpu/stats" }]
    })
    resolve([{ source, spec }])
  })

  it("goes to the adapter of its environment", () => {
    const adapterOf = (environment: string) => read({ name: "a/b", description: "x", environment }).spec.adapter
    assert.deepStrictEqual(["server", "browser", "both"].map(adapterOf), ["server-only", "browser-only", "full-stack"])
  })

  it("does not guess what a bigint is", () => {
    const { spec } = read({ version: 1, name: "a/b", description: "x", params: [{ name: "n", type: "bigint" }] })
    const resolved = SpecReader.resolve([{ source, spec }], TypeRegistry.empty)
    assert.match(Result.isFailure(resolved) ? resolved.failure.message : "", /write int64 or uint64/)
  })
})

describe("resolve", () => {
  it("gives every choice a name, fills in every default, and knows the service", () => {
    const { commands, modules } = resolve([read({
      version: 2,
      name: "model-pool/loadAll",
      description: "Loads",
      adapter: "rust-ipc",
      rust: { module: "modules/model-pool", traits: ["MetricsEmitter", "ManagedService"] },
      types: {
        Shape: { union: { Circle: { fields: { side: { type: "'in' | 'out'" } } } } },
        Short: { type: "'a' | 'b'" }
      },
      params: [{ name: "kind", type: "('x' | 'y')[] | null" }, { name: "error", type: "'no' | 'yes'" }],
      results: [{ name: "kind", type: "'z'" }],
      errors: { Broken: { fields: { why: { type: "'a'" } } } }
    })])
    const [command] = commands as readonly [SpecIr.Command]
    assert.strictEqual(command.key, "modelPool.loadAll")
    assert.deepStrictEqual(
      command.declarations.map((declaration) => [declaration.name, declaration._tag === "Enum" && declaration.inline]),
      [
        ["BrokenWhy", true],
        ["ModelPoolLoadAllErrorChoice", true],
        ["ModelPoolLoadAllKind", true],
        ["ModelPoolLoadAllResultKind", true],
        ["ShapeCircleSide", true],
        ["Shape", false],
        ["Short", false]
      ]
    )
    const { environment, mode, transport, idempotent, effects } = command
    assert.deepStrictEqual([environment, mode, transport, idempotent, effects], [
      "server",
      "async",
      "positional",
      false,
      "write"
    ])
    assert.deepStrictEqual(command.params.fields[0]!.type, {
      _tag: "Nullable",
      inner: { _tag: "Array", item: { _tag: "Ref", name: "ModelPoolLoadAllKind" } }
    })
    assert.deepStrictEqual(modules.map(({ service }) => service), [{
      name: "model-pool",
      path: "modules/model-pool",
      language: "rust",
      traits: ["ManagedService", "MetricsEmitter"],
      imports: []
    }])
  })

  it("finds types in the spec itself, then in the service, then in the registry, and in other specs by their names", () => {
    const spec = (name: string, more: object) =>
      read({ version: 2, name, description: "x", adapter: "rust-ipc", rust: rust(), ...more }, `specs/${name}.json`)
    const info = { fields: { id: { type: "string" } } }
    const registry = TypeRegistry.make([["Note", { typescript: "./src/model.ts", rust: "crate::Note" }], ["Info", {
      typescript: "hidden"
    }]])
    const { commands } = resolve([
      spec("gpu/watch", {
        params: ["Info", "PressureLevel", "Note", "other/list.Page", "gpu/watch.Own", "Own"].map((type, i) => ({
          name: `a${i}`,
          type
        })),
        types: { Own: info }
      }),
      spec("gpu/stats", { types: { Info: info } }),
      read(
        { version: 2, name: "other/list", description: "x", adapter: "server-only", types: { Page: info } },
        "specs/other.json"
      )
    ], registry)
    assert.deepStrictEqual(commands[1]!.params.fields.map(({ type }) => type), [
      { _tag: "Ref", name: "Info", foreign: "gpu/stats" },
      { _tag: "Ref", name: "PressureLevel", external: registry.get("PressureLevel") },
      { _tag: "Ref", name: "Note", external: { typescript: "./src/model.ts", rust: "crate::Note" } },
      { _tag: "Ref", name: "Page", foreign: "other/list" },
      { _tag: "Ref", name: "Own" },
      { _tag: "Ref", name: "Own" }
    ] as ReadonlyArray<SpecIr.Type>)
    assert.deepStrictEqual(SpecReader.toSpec(commands[1]!).params?.map(({ type }) => type), [
      "gpu/stats.Info",
      "PressureLevel",
      "Note",
      "other/list.Page",
      "Own",
      "Own"
    ])
  })

  it("names the line, the column and the nearest name of a type that it does not find", () => {
    const file = read({
      version: 2,
      name: "a/b",
      description: "x",
      adapter: "server-only",
      types: { SubsystemInfo: { fields: { self: { type: "Array<SubsytemInfo>" } } } },
      params: [
        { name: "a", type: "strin" },
        { name: "b", type: "Elsewhere" },
        { name: "c", type: "c/dd.Elsewhere" },
        { name: "d", type: "c/d.Elsewher" },
        { name: "e", type: "bigint | null" },
        { name: "f", type: "Nowhere" }
      ]
    })
    const other = read({
      version: 2,
      name: "c/d",
      description: "x",
      adapter: "server-only",
      types: { Elsewhere: { enum: ["a"] } }
    }, "specs/c.json")
    const resolved = SpecReader.resolve([file, other], TypeRegistry.empty)
    assert.deepStrictEqual(Result.isFailure(resolved) ? resolved.failure.message.split("\n") : [], [
      `${source}:10:26: types.SubsystemInfo.fields.self.type: there is no type named "SubsytemInfo" (column 7 of the type). Did you mean "SubsystemInfo"?`,
      `${source}:18:16: params[0].type: there is no type named "strin" (column 1 of the type). Did you mean "string"?`,
      `${source}:22:16: params[1].type: there is no type named "Elsewhere" (column 1 of the type). Did you mean "c/d.Elsewhere"?`,
      `${source}:26:16: params[2].type: there is no spec named "c/dd" (column 1 of the type). Did you mean "c/d"?`,
      `${source}:30:16: params[3].type: c/d declares no type named "Elsewher" (column 1 of the type). Did you mean "c/d.Elsewhere"?`,
      `${source}:34:16: params[4].type: the type "bigint | null" has a problem at column 1: bigint is not known here: write int64 or uint64.`,
      `${source}:38:16: params[5].type: there is no type named "Nowhere": declare it in "types", or name it in "types" of opbus.config.json when existing code has it (column 1 of the type).`
    ])
  })

  it("gives the same objects for what has not changed, and new ones for what depends on a change", () => {
    const spec = (name: string, more: object) =>
      read({
        version: 2,
        name,
        description: "x",
        adapter: "rust-ipc",
        rust: rust(`modules/${name.split("/")[0]}`),
        ...more
      }, `specs/${name}.json`)
    const info = (type: string) => ({ types: { Info: { fields: { id: { type } } } } })
    const user = spec("user/list", {
      params: [{ name: "a", type: "page/get.Info" }],
      examples: [{ params: { a: { id: "x" } } }]
    })
    const files = [user, spec("page/get", info("string")), spec("other/run", {})]
    const before = resolve(files)
    const again = resolve(files)
    assert.isTrue(before.commands.every((command, i) => command === again.commands[i]))
    assert.isTrue(before.modules.every((module, i) => module === again.modules[i]))

    const changed = [user, spec("page/get", info("string | null")), files[2]!]
    const after = resolve(changed)
    const sameCommands = after.commands.map((command, i) => command === before.commands[i])
    const sameModules = after.modules.map((module, i) => module === before.modules[i])
    // In the order of names: other/run, page/get, user/list.
    assert.deepStrictEqual(sameCommands, [true, false, true])
    assert.deepStrictEqual(sameModules, [true, false, false])
    assert.notStrictEqual(after.modules[2]!.hash, before.modules[2]!.hash)

    // The example of an unchanged spec does not fit the changed type.
    const broken = SpecReader.resolve([user, spec("page/get", info("int32")), files[2]!], TypeRegistry.empty)
    assert.match(
      Result.isFailure(broken) ? broken.failure.message : "",
      /^specs\/user\/list.json:\d+:\d+: examples\[0\]\.params\.a\.id: expected an integer/
    )
    const gone = SpecReader.resolve([user, files[2]!], TypeRegistry.empty)
    assert.match(Result.isFailure(gone) ? gone.failure.message : "", /there is no spec named "page\/get"/)
  })

  it("hashes of commands know every word, hashes of services only what crosses the border", () => {
    const spec = (more: object) =>
      resolve([
        read({
          version: 2,
          name: "gpu/stats",
          description: "x",
          adapter: "rust-ipc",
          rust: rust(),
          params: [{ name: "a", type: "string" }],
          ...more
        })
      ])
    const plain = spec({})
    const worded = spec({
      description: "y",
      params: [{ name: "a", type: "string", description: "z" }],
      examples: [{ command: "c" }]
    })
    const constrained = spec({ params: [{ name: "a", type: "string", maxLength: 5, sensitive: true }] })
    const typed = spec({ params: [{ name: "a", type: "string | null" }] })
    assert.notStrictEqual(worded.commands[0]!.hash, plain.commands[0]!.hash)
    assert.strictEqual(worded.modules[0]!.hash, plain.modules[0]!.hash)
    assert.strictEqual(constrained.modules[0]!.hash, plain.modules[0]!.hash)
    assert.notStrictEqual(constrained.commands[0]!.hash, plain.commands[0]!.hash)
    const called = spec({ params: [{ name: "description", type: "string" }] })
    assert.notStrictEqual(called.modules[0]!.hash, plain.modules[0]!.hash)
    assert.notStrictEqual(typed.modules[0]!.hash, plain.modules[0]!.hash)
    assert.strictEqual(
      spec({ mode: "async", transport: "positional", types: {}, errors: {} }).commands[0]!.hash,
      plain.commands[0]!.hash
    )
  })

  it("leaves traits out of the commands of a service", () => {
    const { commands, modules } = resolve([
      read({
        version: 2,
        name: "health/probe",
        description: "x",
        adapter: "trait-only",
        rust: { module: "modules/health" }
      })
    ])
    assert.deepStrictEqual([commands.length, modules.length], [1, 0])
  })
})

describe("the specs of opbus itself", () => {
  it("are valid, and come back", () => {
    const files = globSync("specs/**/*.json", { cwd: root }).map((file): SpecReader.SpecFile => {
      const parsed = SpecReader.parse(file, readFileSync(new URL(file, root), "utf8"))
      if (Result.isFailure(parsed)) assert.fail(parsed.failure.message)
      return { source: file, spec: parsed.success }
    })
    const bySpec = new Map<string, CommandSpec.CommandSpec>(files.map(({ spec }) => [spec.name, spec]))
    for (const command of resolve(files).commands) {
      // Types of the same service may be written without their spec.
      const short = (text: string) => text.replace(/[a-z-]+\/[a-zA-Z-]+\.([A-Z])/g, "$1")
      assert.strictEqual(
        short(JSON.stringify(SpecReader.toSpec(command), null, 1)),
        short(JSON.stringify(SpecReader.canonical(bySpec.get(command.name)!), null, 1))
      )
    }
  })
})
