import { assert, describe, it } from "@effect/vitest"
import * as Result from "effect/Result"
import * as SpecReader from "opbus/spec/SpecReader"
import * as TypeRegistry from "opbus/spec/TypeRegistry"

const base = { version: 2, name: "a/b", description: "Does", adapter: "server-only" }
const rust = { module: "modules/gpu", traits: ["ManagedService"] }
const ipc = { ...base, adapter: "rust-ipc", rust }

const read = (spec: object, source: string): SpecReader.SpecFile => {
  const parsed = SpecReader.parse(source, JSON.stringify(spec))
  if (Result.isFailure(parsed)) assert.fail(parsed.failure.message)
  return { source, spec: parsed.success }
}

/** The problems of specs, without the places in the files. */
const problems = (...specs: ReadonlyArray<object>): ReadonlyArray<string> => {
  const files = specs.map((spec, i) => read(spec, specs.length === 1 ? "a.json" : `${"abcdef"[i]}.json`))
  const resolved = SpecReader.resolve(files, TypeRegistry.empty)
  return Result.isSuccess(resolved)
    ? []
    : resolved.failure.message.split("\n").map((line) => line.replace(/:\d+:\d+:/, ":").replace(/^a\.json: /, ""))
}

const table = (rows: ReadonlyArray<readonly [spec: object, ...problems: ReadonlyArray<string>]>): void => {
  for (const [spec, ...expected] of rows) assert.deepStrictEqual(problems(spec), expected, JSON.stringify(spec))
}

const types = (types: object) => ({ ...base, types })
const params = (...fields: ReadonlyArray<object>) => ({
  ...base,
  params: fields.map((field, i) => ({ name: `p${i}`, ...field }))
})

describe("rules", () => {
  it("adapter, environment, mode and transport fit together", () =>
    table([
      [base],
      [
        { ...base, environment: "browser" },
        "environment: the adapter server-only is for the environment server, not browser: write \"environment\": \"server\", or use the adapter browser-only."
      ],
      [
        { ...base, adapter: "full-stack", environment: "server" },
        "environment: the adapter full-stack is for the environment both, not server: write \"environment\": \"both\", or use the adapter rust-ipc."
      ],
      [
        { ...base, adapter: "full-stack", mode: "sync" },
        "mode: the adapter full-stack asks another process, which takes time: write \"mode\": \"async\"."
      ],
      [
        { ...ipc, adapter: "sidecar", mode: "sync" },
        "mode: the adapter sidecar asks another process, which takes time: write \"mode\": \"async\"."
      ],
      [
        { ...ipc, adapter: "sidecar", transport: "bytes" },
        "transport: the adapter sidecar speaks JSON with its process: leave \"transport\" out."
      ],
      [
        { ...base, transport: "positional" },
        "transport: the adapter server-only calls nothing native: leave \"transport\" out."
      ],
      [{ ...base, transport: "json" }],
      [{ ...base, adapter: "foo", transport: "bytes", environment: "both", mode: "sync" }]
    ]))

  it("a service that owns resources is a ManagedService, and is where its adapter looks for it", () =>
    table([
      [ipc],
      [
        { ...ipc, rust: { module: "modules/gpu" } },
        "rust.traits: modules/gpu owns resources, so it has to say how it is and to give way under pressure: write \"traits\": [\"ManagedService\"]."
      ],
      [
        { ...base, service: { module: "modules/gpu", traits: ["Configurable"] } },
        "service.traits: modules/gpu owns resources, so it has to say how it is and to give way under pressure: write \"traits\": [\"ManagedService\",\"Configurable\"]."
      ],
      [
        { ...ipc, rust: { ...rust, traits: ["ManagedService", "ManagedService"] } },
        "rust.traits: ManagedService stands twice."
      ],
      [{ ...ipc, adapter: "trait-only", rust: { module: "modules/gpu" } }],
      [
        { ...base, adapter: "trait-only" },
        "the adapter trait-only needs a place for the trait: add \"rust\": { \"module\": \"modules/…\" }."
      ],
      [
        { ...base, adapter: "rust-ipc" },
        "the adapter rust-ipc needs a service in Rust: add \"rust\": { \"module\": \"modules/…\", \"traits\": [\"ManagedService\"] }."
      ],
      [
        { ...base, adapter: "sidecar", service: rust },
        "service: the adapter sidecar makes a service in Rust: write \"rust\" instead of \"service\"."
      ],
      [
        { ...base, rust },
        "rust: the adapter server-only makes nothing in Rust: use the adapter rust-ipc, or write \"service\" instead of \"rust\"."
      ],
      [
        { ...base, adapter: "browser-only", service: rust },
        "service: the adapter browser-only makes no services: use the adapter server-only."
      ],
      [{ ...ipc, service: rust }, "service: a command belongs to one service: keep \"rust\" or \"service\"."],
      [
        { ...ipc, rust: { ...rust, command_prefix: "gpu/" } },
        "rust.command_prefix: a/b does not start with \"gpu/\". Did you mean \"a/\"?"
      ],
      [
        { ...base, service: { ...rust, imports: ["opbus_core::X"] } },
        "service.imports: a service in TypeScript has no imports of Rust: leave them out."
      ],
      [
        { ...ipc, rust: { ...rust, module: "modules/type" } },
        "rust.module: type is a name that Rust keeps for itself: choose another one. Did you mean \"types\"?"
      ]
    ]))

  it("a name that no reader has checked is checked", () => {
    const spec: any = { ...base, name: "gpu" }
    const resolved = SpecReader.resolve([{ source: "a.json", spec }], TypeRegistry.empty)
    assert.strictEqual(
      Result.isFailure(resolved) && resolved.failure.message,
      "a.json: name: a name has two or more parts in kebab-case or camelCase, such as gpu/stats."
    )
  })

  it("descriptions are one line", () =>
    table([
      [{ ...base, description: "a\nb" }, "description: a description is one line of text, without control characters."],
      [
        params({ type: "string", description: " a" }),
        "params[0].description: a description neither starts nor ends with a space."
      ],
      [
        types({ A: { enum: { a: "x\u0007" } } }),
        "types.A.enum.a: a description is one line of text, without control characters."
      ],
      [
        { ...base, examples: [{ command: "a\nb" }] },
        "examples[0].command: the command of an example is one line of text."
      ],
      [{ ...base, description: "Ends a comment */ ${x} `y` 🎉" }]
    ]))
})

describe("names", () => {
  it("of fields are written like budgetMb, are not taken, and stay apart in every language", () =>
    table([
      [
        types({ A: { fields: { "a b": { type: "string" } } } }),
        "types.A.fields[\"a b\"]: \"a b\" is no name of a field: letters and digits, such as budgetMb."
      ],
      [
        types({ A: { fields: { _a: { type: "string" } } } }),
        "types.A.fields._a: \"_a\" is no name of a field: letters and digits, such as budgetMb."
      ],
      [
        types({ A: { fields: { constructor: { type: "string" } } } }),
        "types.A.fields.constructor: every object has \"constructor\" already: choose another name."
      ],
      [
        types({ A: { fields: { ["a".repeat(65)]: { type: "string" } } } }),
        `types.A.fields.${"a".repeat(65)}: the name is longer than 64 characters.`
      ],
      [
        types({ A: { fields: { fooBar: { type: "string" }, foo_bar: { type: "string" } } } }),
        "types.A.fields.foo_bar: \"fooBar\" and \"foo_bar\" are both named foo_bar in Rust: rename one."
      ],
      [
        { ...base, results: [{ name: "a", type: "string" }, { name: "a", type: "string" }] },
        "results[1]: there are two fields named \"a\"."
      ],
      [{ ...base, params: [{ name: "a", type: "string" }], results: [{ name: "a", type: "string" }] }],
      [params({ name: "type", type: "string" }, { name: "class", type: "string" }, { name: "message", type: "int32" })],
      [
        { ...base, params: Array.from({ length: 257 }, (_, i) => ({ name: `p${i}`, type: "string" })) },
        "params: there are 257 fields; the limit is 256: group them in structs."
      ]
    ]))

  it("of an error's fields leave what every error has", () => {
    const errors = (fields: object) => ({ ...base, errors: { Broken: { fields } } })
    table([
      [
        errors({ stack: { type: "string" } }),
        "errors.Broken.fields.stack: every error has \"stack\" already: choose another name."
      ],
      [
        errors({ message: { type: "int32" } }),
        "errors.Broken.fields.message: every error has \"message\" already: let it be a string that is always there, or choose another name."
      ],
      [errors({ message: { type: "string" }, name: { type: "string", minLength: 1 }, reason: { type: "json" } })]
    ])
  })

  it("of types and errors are written like SubsystemInfo, and are not those of generated code", () =>
    table([
      [
        types({ "sub-system": { enum: ["a"] } }),
        "types[\"sub-system\"]: \"sub-system\" is no name of a type: a capital, then letters and digits. Did you mean \"SubSystem\"?"
      ],
      [
        types({ PressureLevel: { enum: ["a"] } }),
        "types.PressureLevel: PressureLevel is there already, with one meaning everywhere: use it, or choose another name."
      ],
      [
        { ...base, errors: { ServiceUnavailable: {} } },
        "errors.ServiceUnavailable: ServiceUnavailable is there already, with one meaning everywhere: use it, or choose another name."
      ],
      [
        types({ Schema: { enum: ["a"] } }),
        "types.Schema: generated code uses the name Schema for something else: choose another one. Did you mean \"SchemaInfo\"?"
      ],
      [
        { ...base, name: "date/time" },
        "name: the command would be generated as DateTime, which generated code uses for something else: choose another name. Did you mean \"date/get-time\"?"
      ],
      [
        { ...ipc, rust: { ...rust, module: "modules/native" } },
        "rust.module: the service would be generated as NativeService, which generated code uses for something else: choose another module. Did you mean \"modules/native-host\"?"
      ],
      [
        types({
          S: { fields: { fooBar: { type: "'a'" }, foo: { type: "T" } } },
          SFoo: { fields: { bar: { type: "'b'" } } },
          T: { enum: ["x"] }
        }),
        "types.SFoo.fields.bar.type: this choice would be named SFooBar, which another one is: declare it in \"types\" with a name."
      ],
      [types({ AB: { enum: ["a"] } }), "types.AB: the type AB has the name of what is generated as AB: rename one."],
      [
        types({ ABResult: { enum: ["a"] } }),
        "types.ABResult: the type ABResult has the name of what is generated as ABResult: rename one."
      ],
      [
        { ...ipc, types: { GpuService: { enum: ["a"] } } },
        "types.GpuService: the type GpuService has the name of what is generated as GpuService: rename one."
      ],
      [
        { ...base, types: { Broken: { enum: ["a"] } }, errors: { Broken: {} } },
        "errors.Broken: the error Broken has the name of the type Broken: rename one."
      ],
      [
        types({ FooBar: { enum: ["a"] }, Foobar: { enum: ["a"] } }),
        "types.Foobar: the type Foobar has the name of the type FooBar: rename one."
      ],
      [
        { ...base, types: { ABKind: { enum: ["a"] } }, params: [{ name: "kind", type: "'x'" }] },
        "params[0].type: the choice that would be named ABKind has the name of the type ABKind: rename one."
      ]
    ]))

  it("of values and variants stay apart in every language", () =>
    table([
      [types({ A: { enum: [] } }), "types.A.enum: an enum has at least one value."],
      [types({ A: { enum: ["a", "a"] } }), "types.A.enum: \"a\" stands twice."],
      [
        types({ A: { enum: ["a-b", "aB"] } }),
        "types.A.enum: \"a-b\" and \"aB\" are both named AB in Rust: change one."
      ],
      [types({ A: { enum: ["+"] } }), "types.A.enum: \"+\" has no letter or digit to name it by in other languages."],
      [
        types({ A: { enum: ["a\nb"] } }),
        "types.A.enum: \"a\\nb\" cannot be a value: write 1 to 128 characters in one line."
      ],
      [
        params({ type: "'a-b' | 'aB'" }),
        "params[0].type: \"a-b\" and \"aB\" of ABP0 are both named AB in Rust: change one."
      ],
      [types({ A: { enum: ["1", "quote '\" \\", "Ünï x"] } })],
      [types({ A: { union: {} } }), "types.A.union: a union has at least one variant."],
      [
        types({ A: { union: { "x-y": { fields: {} } } } }),
        "types.A.union[\"x-y\"]: \"x-y\" is no name of a variant: letters and digits, such as Circle."
      ],
      [
        types({ A: { union: { circle: { fields: {} }, Circle: { fields: {} } } } }),
        "types.A.union.Circle: \"circle\" and \"Circle\" are both named Circle in Rust: rename one."
      ],
      [
        types({ A: { union: { B: { fields: { kind: { type: "string" } } } }, discriminator: "kind" } }),
        "types.A.union.B.fields.kind: \"kind\" tells the variants apart: rename the field, or set another \"discriminator\"."
      ],
      [types({ A: { union: { B: { fields: { kind: { type: "string" } } } } } })],
      [
        types({ A: { union: { B: { fields: {} } }, discriminator: "constructor" } }),
        "types.A.discriminator: every object has \"constructor\" already."
      ]
    ]))
})

describe("types", () => {
  it("have values that are complete", () =>
    table([
      [
        types({ Node: { fields: { next: { type: "Node" } } } }),
        "types.Node: no value of Node can ever be complete, since it holds itself: let the field be optional, an array, a record or T | null."
      ],
      [
        types({ A: { fields: { b: { type: "B" } } }, B: { fields: { a: { type: "A" } } } }),
        "types.A: no value of A can ever be complete, since it holds itself: let the field be optional, an array, a record or T | null.",
        "types.B: no value of B can ever be complete, since it holds itself: let the field be optional, an array, a record or T | null."
      ],
      [
        types({ U: { union: { A: { fields: { u: { type: "U" } } }, B: { fields: { u: { type: "U" } } } } } }),
        "types.U: no value of U can ever be complete, since it holds itself: let the field be optional, an array, a record or T | null."
      ],
      [types({ U: { union: { A: { fields: { u: { type: "U" } } }, B: { fields: {} } } } })],
      [types({
        N: {
          fields: {
            a: { type: "N", optional: true },
            b: { type: "N[]" },
            c: { type: "Record<string, N>" },
            d: { type: "N | null" }
          }
        }
      })],
      [types({ N: { fields: { children: { type: "Ns" } } }, Ns: { type: "N[]" } })]
    ]))

  it("are not only other names for themselves", () =>
    table([
      [types({ A: { type: "A[]" } }), "types.A.type: A is only another name for itself: declare a struct instead."],
      [
        types({ A: { type: "B" }, B: { type: "A | null" } }),
        "types.A.type: A, through B, is only another name for itself: declare a struct instead.",
        "types.B.type: B, through A, is only another name for itself: declare a struct instead."
      ]
    ]))

  it("of other specs have one meaning, are there in TypeScript, and are not taken in circles", () => {
    const info = { Info: { fields: { id: { type: "string" } } } }
    const other = (name: string, more: object) => ({ ...base, name, ...more })
    assert.deepStrictEqual(
      problems(other("a/b", { types: info, params: [{ name: "x", type: "c/d.Info" }] }), other("c/d", { types: info })),
      [
        "params[0].type: in this spec Info is that of a/b already, and c/d.Info is another: rename one."
      ]
    )
    assert.deepStrictEqual(
      problems(
        other("a/b", { params: [{ name: "x", type: "c/d.AB" }] }),
        other("c/d", { types: { AB: info.Info } })
      ),
      ["params[0].type: in this spec AB is that of a/b already, and c/d.AB is another: rename one."]
    )
    assert.deepStrictEqual(
      problems(
        other("a/b", { params: [{ name: "x", type: "c/d.Info" }] }),
        other("c/d", { adapter: "python", types: info })
      ),
      [
        "params[0].type: c/d goes to the adapter python, which makes no types that others could use: declare Info here."
      ]
    )
    assert.deepStrictEqual(
      problems(
        other("a/b", { types: info, params: [{ name: "x", type: "c/d.Page" }] }),
        other("c/d", { types: { Page: { type: "a/b.Info" } } })
      ),
      [
        "params[0].type: the specs a/b and c/d take types from each other, so that their files would import each other: declare the shared types in one of them.",
        "b.json: types.Page.type: the specs c/d and a/b take types from each other, so that their files would import each other: declare the shared types in one of them."
      ]
    )
  })
})

describe("types of existing code", () => {
  it("are there in the languages of the command", () => {
    const registry = TypeRegistry.make([["Note", { typescript: "./src/model.ts" }], ["Level", {
      rust: "crate::Level"
    }]])
    const found = (spec: object) => {
      const resolved = SpecReader.resolve([
        read({ ...spec, params: [{ name: "a", type: "Note[]" }, { name: "b", type: "Level" }] }, "a.json")
      ], registry)
      return Result.isSuccess(resolved) ? [] : resolved.failure.problems.map(({ message }) => message)
    }
    assert.deepStrictEqual(found(base), [
      "Level has no \"typescript\" in \"types\" of opbus.config.json, which the adapter server-only needs."
    ])
    assert.deepStrictEqual(found(ipc), [
      "Note has no \"rust\" in \"types\" of opbus.config.json, which the adapter rust-ipc needs.",
      "Level has no \"typescript\" in \"types\" of opbus.config.json, which the adapter rust-ipc needs."
    ])
    assert.deepStrictEqual(found({ ...base, adapter: "json-schema" }), [])
  })
})

describe("limits", () => {
  const many = (count: number) => Array.from({ length: count }, (_, i) => `A${i}x`)
  it("hold off what no spec needs", () => {
    const long = `A${"a".repeat(64)}`
    table([
      [types({ [long]: { enum: ["a"] } }), `types.${long}: the name is longer than 64 characters.`],
      [
        types(Object.fromEntries(many(513).map((name) => [name, { enum: ["a"] }]))),
        "types: there are 513 types; the limit is 512."
      ],
      [types({ A: { enum: many(1025) } }), "types.A.enum: there are 1025 values; the limit is 1024."],
      [
        types({ A: { union: Object.fromEntries(many(257).map((name) => [name, { fields: {} }])) } }),
        "types.A.union: there are 257 variants; the limit is 256."
      ],
      [
        { ...base, examples: many(257).map((command) => ({ command })) },
        "examples: there are 257 examples; the limit is 256."
      ],
      [{ ...base, description: "a".repeat(4097) }, "description: the description is longer than 4096 characters."],
      [
        params({ type: "string", maxLength: 2 ** 31 }),
        "params[0].maxLength: 2147483648 is more than anything can hold."
      ]
    ])
  })

  it("let problems be as many as anybody reads", () => {
    const found = problems({ ...base, params: many(250).map((name) => ({ name, type: "nothing" })) })
    assert.strictEqual(found.length, 200)
  })
})

describe("constraints", () => {
  it("mean something for their type", () =>
    table([
      [
        params({ type: "string", minimum: 1 }),
        "params[0].minimum: minimum means nothing for string: it is for number, integer, int32, uint32, int64, uint64."
      ],
      [
        params({ type: "int32[]", minimum: 1 }),
        "params[0].minimum: minimum means nothing for an array: it is for number, integer, int32, uint32, int64, uint64; to constrain the items, declare a type with a name for them."
      ],
      [
        params({ type: "string[]", minLength: 1 }),
        "params[0].minLength: minLength means nothing for an array: it is for string; write minItems and maxItems."
      ],
      [
        params({ type: "bytes", maxLength: 1 }),
        "params[0].maxLength: maxLength means nothing for bytes: it is for string."
      ],
      [
        params({ type: "Record<string, string>", minItems: 1 }),
        "params[0].minItems: minItems means nothing for a record: it is for Array."
      ],
      [params({ type: "string | null", minLength: 1 }, { type: "T", maxLength: 3 })].map((spec, i) =>
        i === 0 ? { ...spec as object, types: { T: { type: "string" } } } : spec
      ) as any
    ]))

  it("are fulfilled by something", () =>
    table([
      [params({ type: "number", minimum: 2, maximum: 1 }), "params[0]: no number lies between the bounds."],
      [params({ type: "number", exclusiveMinimum: 1, maximum: 1 }), "params[0]: no number lies between the bounds."],
      [
        params({ type: "integer", exclusiveMinimum: 1, exclusiveMaximum: 2 }),
        "params[0]: no number lies between the bounds."
      ],
      [params({ type: "number", exclusiveMinimum: 1, exclusiveMaximum: 2 }, {
        type: "integer",
        minimum: 1,
        maximum: 1
      })],
      [
        params({ type: "number", minimum: 1, exclusiveMinimum: 0 }),
        "params[0].exclusiveMinimum: minimum and exclusiveMinimum say the same thing twice: keep the stricter one."
      ],
      [
        params({ type: "integer", minimum: 0.5 }),
        "params[0].minimum: a bound of integer is an integer, and 0.5 is none."
      ],
      [
        params({ type: "uint32", minimum: -1 }),
        "params[0].minimum: -1 is outside of what a bound of uint32 can be, 0 to 4294967295."
      ],
      [
        params({ type: "int64", maximum: 2 ** 60 }),
        "params[0].maximum: 1152921504606847000 is outside of what a bound of int64 can be, -9007199254740991 to 9007199254740991."
      ],
      [
        params({ type: "string", minLength: 2, maxLength: 1 }),
        "params[0].minLength: minLength is larger than maxLength, so that nothing fits."
      ],
      [
        params({ type: "string[]", minItems: 2, maxItems: 1 }),
        "params[0].minItems: minItems is larger than maxItems, so that nothing fits."
      ],
      [types({ A: { type: "number", minimum: 1, maximum: 0 } }), "types.A: no number lies between the bounds."]
    ]))

  it("have patterns that every language understands", () => {
    const pattern = (pattern: string) => params({ type: "string", pattern })
    table([
      [pattern("("), "params[0].pattern: this is no regular expression: unterminated group."],
      [pattern("a{2,1}"), "params[0].pattern: this is no regular expression: numbers out of order in {} quantifier."],
      [
        pattern("^(?=a)"),
        "params[0].pattern: column 2: look-around is not known in every language: say the rest in the description."
      ],
      [
        pattern("(?<!a)b"),
        "params[0].pattern: column 1: look-around is not known in every language: say the rest in the description."
      ],
      [
        pattern("(?<year>a)"),
        "params[0].pattern: column 1: named groups are written differently in every language: write (…) or (?:…)."
      ],
      [pattern("\\k<a>(?<a>x)"), "params[0].pattern: column 1: back references are not known in every language."],
      [pattern("a\\cA"), "params[0].pattern: column 2: write \\xXX."],
      [pattern("a\\0"), "params[0].pattern: column 2: write \\x00."],
      [pattern("(a)\\1"), "params[0].pattern: column 4: back references are not known in every language."],
      [
        pattern("\\p{L}+"),
        "params[0].pattern: column 1: classes such as \\p{L} are not known in every language: list the characters."
      ],
      [pattern("[\\u{1F600}]"), "params[0].pattern: column 2: write \\uXXXX, or the character itself."],
      [
        pattern("(?i:a)"),
        "params[0].pattern: column 1: flags and other special groups are not known in every language: write (?:…)."
      ],
      [pattern("a".repeat(513)), "params[0].pattern: the pattern is longer than 512 characters."],
      [pattern("^(?:[a-z]+|\\d{2,3}?)\\.[(?=)\\]\\\\]*\\u0041\\x41\\/\\(?=$")]
    ])
  })
})

describe("values", () => {
  it("of defaults fit their types and constraints", () =>
    table([
      [params({ type: "int32", default: "1" }), "params[0].default: expected an integer of 32 bits, found \"1\"."],
      [params({ type: "int32", minimum: 1, default: 0 }), "params[0].default: 0 is less than 1."],
      [
        params({ type: "int64", default: 1 }),
        "params[0].default: expected an integer of 64 bits as a string of digits, such as \"42\", found 1."
      ],
      [params({ type: "uint64", maximum: 5, default: "6" }), "params[0].default: \"6\" is more than 5."],
      [
        params({ type: "bytes", default: "QQ" }),
        "params[0].default: expected base64 with padding, such as \"AAE=\", found \"QQ\"."
      ],
      [
        params({ type: "timestamp", default: "2026-02-30T00:00:00.000Z" }),
        "params[0].default: expected a time such as \"2026-11-21T10:00:00.000Z\", found \"2026-02-30T00:00:00.000Z\"."
      ],
      [
        params({ type: "'low' | 'high'", default: "hihg" }),
        "params[0].default: expected \"low\" or \"high\", found \"hihg\". Did you mean \"high\"?"
      ],
      [
        params({ type: "string[]", maxItems: 1, default: ["a", 2] }),
        "params[0].default: expected 1 items at most, found 2.",
        "params[0].default[1]: expected a string, found 2."
      ],
      [params({ type: "string[]", default: "a" }), "params[0].default: expected an array, found \"a\"."],
      [
        params({ type: "Record<string, string>", default: [] }),
        "params[0].default: expected an object, found an array."
      ],
      [params({ type: "HealthStatus", default: null }), "params[0].default: expected an object, found null."],
      [
        { ...types({ S: { fields: {} } }), params: [{ name: "p0", type: "S", default: 1 }] },
        "params[0].default: expected an object, found 1."
      ],
      [params({ type: "number", exclusiveMaximum: 1, default: 1 }), "params[0].default: 1 is not less than 1."],
      [params({ type: "number", maximum: 1, default: 2 }), "params[0].default: 2 is more than 1."],
      [params({ type: "string[]", minItems: 1, default: [] }), "params[0].default: expected 1 items or more, found 0."],
      [params({ type: "string", pattern: "^a", default: "b" }), "params[0].default: \"b\" does not match ^a."],
      [params({ type: "string | null", default: null }, { type: "json", default: { any: [1] } }, {
        type: "Record<string, bytes>",
        default: { a: "QQ==" }
      })]
    ]))

  it("of examples fit params, results and errors", () => {
    const spec = (example: object, more: object = {}) => ({
      ...base,
      types: {
        Shape: {
          union: { Circle: { fields: { radius: { type: "number", exclusiveMinimum: 0 } } }, Dot: { fields: {} } },
          discriminator: "kind"
        },
        Title: { type: "string", minLength: 1 }
      },
      params: [{ name: "shape", type: "Shape" }, { name: "title", type: "Title", optional: true, maxLength: 3 }, {
        name: "level",
        type: "PressureLevel",
        default: "normal"
      }],
      results: [{ name: "health", type: "HealthStatus" }],
      errors: { Broken: { fields: { why: { type: "string" } } } },
      examples: [example],
      ...more
    })
    const dot = { shape: { kind: "Dot" } }
    table([
      [spec({ params: dot, result: { health: { _tag: "Degraded", reason: "r" } } })],
      [spec({ params: dot, error: { _tag: "Broken", why: "w" } })],
      [
        spec({ params: { shape: { kind: "Circle", radius: 0 } } }),
        "examples[0].params.shape.radius: 0 is not more than 0."
      ],
      [
        spec({ params: { shape: { kind: "Circel" } } }),
        "examples[0].params.shape.kind: Shape has no variant \"Circel\". Did you mean \"Circle\"?"
      ],
      [
        spec({ params: { shape: {} } }),
        "examples[0].params.shape: \"kind\" is missing, which tells the variants of Shape apart."
      ],
      [
        spec({ params: { shape: { kind: "Dot", radius: 1 } } }),
        "examples[0].params.shape.radius: there is no field \"radius\"."
      ],
      [
        spec({ params: { ...dot, titel: "x" } }),
        "examples[0].params.titel: there is no field \"titel\". Did you mean \"title\"?"
      ],
      [spec({ params: { ...dot, title: "" } }), "examples[0].params.title: expected 1 characters or more, found 0."],
      [
        spec({ params: { ...dot, title: "long" } }),
        "examples[0].params.title: expected 3 characters at most, found 4."
      ],
      [spec({ params: {} }), "examples[0].params: \"shape\" is missing."],
      [
        spec({ params: dot, result: { health: { _tag: "Healty" } } }),
        "examples[0].result.health._tag: HealthStatus has no variant \"Healty\". Did you mean \"Healthy\"?"
      ],
      [
        spec({ params: dot, error: { _tag: "Borken" } }),
        "examples[0].error: an error has a \"_tag\", which is \"Broken\"."
      ],
      [spec({ params: dot, error: { _tag: "Broken" } }), "examples[0].error: \"why\" is missing."],
      [
        spec({ params: dot, result: { health: { _tag: "Healthy" } }, error: { _tag: "Broken", why: "w" } }),
        "examples[0].error: a call ends with a result or with an error: keep one of them."
      ],
      [
        spec({ result: { health: { _tag: "Healthy" } } }),
        "examples[0]: an example with a result or an error says its \"params\" too, so that it can be run."
      ],
      [spec({ description: "nothing" }), "examples[0]: an example has \"params\" or a \"command\"."],
      [
        spec({ params: dot, result: { health: { _tag: "Healthy" } } }, { mode: "stream" }),
        "examples[0].result: the result of a stream is an array of its elements, in order."
      ],
      [
        spec({ params: dot, result: [{ health: { _tag: "Healthy" } }, {}], error: { _tag: "Broken", why: "w" } }, {
          mode: "stream"
        }),
        "examples[0].result[1]: \"health\" is missing."
      ],
      [
        { ...base, examples: [{ params: {}, error: { _tag: "X" } }] },
        "examples[0].error: the spec declares no errors: add it to \"errors\", or leave \"error\" out."
      ],
      [{
        ...ipc,
        examples: [{
          params: {},
          error: { _tag: "ServiceUnavailable", service: "gpu", reason: "Pressure", message: "m" }
        }]
      }]
    ])
  })

  it("do not fall for the names of every object", () =>
    table([
      [
        { ...base, examples: [{ params: { toString: 1 } }] },
        "examples[0].params.toString: there is no field \"toString\"."
      ],
      [types({ A: { enum: ["constructor", "toString"] } })],
      [
        params({ type: "constructor" }),
        "params[0].type: there is no type named \"constructor\": declare it in \"types\", or name it in \"types\" of opbus.config.json when existing code has it (column 1 of the type)."
      ]
    ]))
})

describe("sets of specs", () => {
  it("have one command of each name", () => {
    assert.deepStrictEqual(problems(base, base), [
      "b.json: name: a/b is the command of a.json already: rename one, or delete one of the files."
    ])
    assert.deepStrictEqual(problems({ ...base, name: "gpu-stats/x" }, { ...base, name: "gpu/stats-x" }), [
      "b.json: name: gpu/stats-x and gpu-stats/x of a.json are both named GpuStatsX: rename one."
    ])
  })

  it("say the same of a service in each of its commands", () => {
    const other = { ...ipc, name: "a/c" }
    assert.deepStrictEqual(problems(ipc, { ...base, name: "a/c", service: rust }), [
      "b.json: service: a.json says that modules/gpu is written in Rust (\"rust\"): let both say the same."
    ])
    assert.deepStrictEqual(problems(ipc, { ...other, adapter: "sidecar" }), [
      "b.json: adapter: a.json makes modules/gpu with the adapter rust-ipc: a service has one adapter, or else a module of its own."
    ])
    assert.deepStrictEqual(
      problems({ ...ipc, name: "a/x/b", rust: { ...rust, command_prefix: "a/" } }, {
        ...other,
        name: "a/x/c",
        rust: { ...rust, command_prefix: "a/x/" }
      }),
      [
        "b.json: rust.command_prefix: a.json says \"a/\": let both say the same."
      ]
    )
    assert.deepStrictEqual(problems(ipc, { ...other, rust: { ...rust, module: "others/gpu" } }), [
      "b.json: rust.module: the services modules/gpu and others/gpu would share their files: rename one."
    ])
    assert.deepStrictEqual(
      problems({ ...ipc, types: { Info: { enum: ["a"] } } }, { ...other, types: { Info: { enum: ["a"] } } }),
      []
    )
    assert.deepStrictEqual(
      problems({ ...ipc, types: { Info: { enum: ["a"] } } }, { ...other, types: { Info: { enum: ["b"] } } }),
      [
        "b.json: types.Info: a.json, of the same service, says something else of Info: let both say the same, declare it once, or rename one."
      ]
    )
    const choice = (type: string) => ({ types: { Info: { fields: { kind: { type } } } } })
    assert.deepStrictEqual(problems({ ...ipc, ...choice("'a'") }, { ...other, ...choice("'b'") }), [
      "b.json: types.Info.fields.kind.type: a.json, of the same service, says something else of InfoKind: let both say the same, declare it once, or rename one."
    ])
    assert.deepStrictEqual(
      problems({ ...ipc, errors: { Broken: {} } }, {
        ...other,
        errors: { Broken: { fields: { a: { type: "string" } } } }
      }),
      [
        "b.json: errors.Broken: a.json, of the same service, says something else of Broken: let both say the same, declare it once, or rename one."
      ]
    )
  })

  it("cannot write anything but one line for each problem", () => {
    const name = "A\n\u001b[2J\u202e"
    assert.deepStrictEqual(problems({ ...types({ [name]: { enum: ["a"] } }), errors: { [name]: {} } }).slice(1, 3), [
      "errors[\"A\\n\\u001b[2J\\u202e\"]: \"A\\n\\u001b[2J\\u202e\" is no name of a type: a capital, then letters and digits. Did you mean \"A2J\"?",
      "errors[\"A\\n\\u001b[2J\\u202e\"]: the error A\\u000a\\u001b[2J\\u202e has the name of the type A\\u000a\\u001b[2J\\u202e: rename one."
    ])
  })

  it("are refused as a whole, with the problems of all files in order", () => {
    const found = problems({ ...base, description: "a\nb" }, {
      ...base,
      name: "c/d",
      params: [{ name: "x", type: "string", minimum: 1 }, { name: "x", type: "string" }]
    })
    assert.deepStrictEqual(found.map((line) => line.slice(0, 30)), [
      "description: a description is ",
      "b.json: params[0].minimum: min",
      "b.json: params[1]: there are t"
    ])
  })
})
