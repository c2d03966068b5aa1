import { assert, describe, it } from "@effect/vitest"
import * as fs from "node:fs"
import * as path from "node:path"
import { makeRandomValues } from "../support/randomSpec.ts"
import { cargo, compile, type File, has, makeProject, run, target } from "./support/project.ts"

const primitives = "string boolean number integer int32 uint32 int64 uint64 bytes timestamp json".split(" ")

const types = {
  Level: { enum: ["low", "very high", "1st"] },
  Shape: {
    union: {
      Circle: { fields: { radius: { type: "number" }, label: { type: "string", optional: true } } },
      Square: { fields: { side: { type: "int64" }, inner: { type: "Shape | null" } } },
      Point: { fields: {} }
    },
    discriminator: "kind"
  },
  Node: {
    fields: {
      value: { type: "integer" },
      next: { type: "Node | null" },
      children: { type: "Node[]" },
      byName: { type: "Record<string, Node>" },
      parent: { type: "Node", optional: true }
    }
  },
  Everything: {
    fields: Object.fromEntries([
      ...primitives.map((name) => [`${name}Value`, { type: name }]),
      ...primitives.map((name) => [`${name}Optional`, { type: name, optional: true }]),
      ...primitives.map((name) => [`${name}Null`, { type: `${name} | null` }]),
      ...primitives.map((name) => [`${name}List`, { type: `${name}[]` }]),
      ...primitives.map((name) => [`${name}Map`, { type: `Record<string, ${name}>` }]),
      ["both", { type: "string | null", optional: true }],
      ["matrix", { type: "Array<Array<number | null>>" }],
      ["level", { type: "Level" }],
      ["inline", { type: "'a' | 'b'", optional: true }],
      ["shape", { type: "Shape" }],
      ["shapes", { type: "Array<Shape | null>" }],
      ["node", { type: "Node" }],
      ["pressure", { type: "PressureLevel" }],
      ["health", { type: "HealthStatus" }],
      ["type", { type: "string" }]
    ])
  }
}

const transports = ["positional", "bytes", "json"] as const

/** The same command over each transport; the first one declares the types. */
const specs = [...transports, "stream"].map((name, i): File => ({
  source: `specs/mirror/${name}.json`,
  spec: {
    version: 2,
    name: `mirror/${name}`,
    description: `Gives back what it is given, over ${name}`,
    environment: "server",
    adapter: "rust-ipc",
    mode: name === "stream" ? "stream" : "async",
    ...(name === "stream" ? {} : { transport: name }),
    rust: { module: "modules/mirror", traits: ["ManagedService"] },
    ...(i === 0 ? { types } : {}),
    params: [
      { name: "fail", type: "boolean" },
      { name: "value", type: i === 0 ? "Everything" : "mirror/positional.Everything" }
    ],
    results: [{ name: "value", type: i === 0 ? "Everything" : "mirror/positional.Everything" }],
    errors: {
      [`Refused${i}`]: { fields: { value: { type: i === 0 ? "Everything" : "mirror/positional.Everything" } } }
    }
  } as any
}))

/** Fills in the bodies of the made-once file. */
const implement = (rust: string): string =>
  rust
    .replaceAll("_params:", "params:")
    .replace(
      / {8}const MISSING: &str = "mirror\/(\w+) is not implemented yet";\n {8}panic!\("\{\}", MISSING\)/gu,
      (_, name: string) => {
        const base = `Mirror${name[0]!.toUpperCase()}${name.slice(1)}`
        const number = [...transports, "stream"].indexOf(name)
        const failure = `${base}Error::Refused${number} { value: params.value }`
        return name === "stream"
          ? `        let last = if params.fail { Err(${failure}) } else { Ok(${base}Result { value: params.value.clone() }) };
        let first = match &last {
            Ok(item) => item.clone(),
            Err(${base}Error::Refused${number} { value }) => ${base}Result { value: value.clone() },
        };
        Ok(Box::new(opbus_core::stream::IterStream(vec![Ok(first), last].into_iter())))`
          : `        if params.fail { Err(${failure}) } else { Ok(${base}Result { value: params.value }) }`
      }
    )

const check = `
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import * as assert from "node:assert/strict"
import * as fs from "node:fs"
import * as NodeNativeModule from "opbus/node/NodeNativeModule"
import { definition, MirrorService } from "./src/operations/mirror/MirrorService.ts"

const values = JSON.parse(fs.readFileSync("values.json", "utf8"))
const main = Effect.gen(function*() {
  const { commands } = yield* MirrorService
  let count = 0
  for (const value of values) {
    for (const fail of [false, true]) {
      for (const name of ["positional", "bytes", "json"] as const) {
        const { operation } = definition.commands[name]
        const params = yield* Schema.decodeUnknownEffect(operation.input)({ fail, value })
        const outcome: any = yield* Effect.result((commands[name] as any)(params))
        assert.equal(outcome._tag, fail ? "Failure" : "Success", name)
        const back: any = yield* Schema.encodeUnknownEffect(fail ? operation.error : operation.output)(
          fail ? outcome.failure : outcome.success
        )
        assert.deepEqual(back.value, value, name)
        count++
      }
      const { operation } = definition.commands.stream
      const params = yield* Schema.decodeUnknownEffect(operation.input)({ fail, value })
      const items: Array<any> = []
      const end: any = yield* Effect.result(
        Stream.runForEach(commands.stream(params), (item) => Effect.sync(() => items.push(item)))
      )
      assert.equal(items.length, fail ? 1 : 2)
      for (const item of items) {
        assert.deepEqual(((yield* Schema.encodeUnknownEffect(operation.output)(item)) as any).value, value, "stream")
      }
      if (fail) {
        assert.deepEqual(
          ((yield* Schema.encodeUnknownEffect(operation.error)(end.failure)) as any).value,
          value,
          "stream failure"
        )
      }
      count++
    }
  }
  return count
})
const native = NodeNativeModule.layer({ files: [process.argv[2]!] })
const count = await Effect.runPromise(
  main.pipe(Effect.provide(MirrorService.layerRust().pipe(Layer.provide(native))), Effect.scoped)
)
console.log(count)
`

describe.runIf(has("cargo", "--version"))("what crosses between generated TypeScript and generated Rust", () => {
  it("comes back as it was over every transport: results, failures and elements of streams", () => {
    const compilation = compile(specs)
    const project = makeProject(compilation)
    project.write("native/core/src/modules/mirror.rs", implement(project.read("native/core/src/modules/mirror.rs")))
    const built = cargo(project.folder, "build", "--offline", "-j2", "-p", "my-app-core-node")
    assert.strictEqual(built.code, 0, built.output.slice(-4000))
    const extension = process.platform === "darwin" ? "dylib" : process.platform === "win32" ? "dll" : "so"
    const prefix = process.platform === "win32" ? "" : "lib"
    const addon = path.join(project.folder, "addon.node")
    fs.copyFileSync(path.join(target, "debug", `${prefix}my_app_core_node.${extension}`), addon)

    const command = compilation.commands.find(({ name }) => name === "mirror/positional")!
    const random = makeRandomValues(compilation.commands)
    const type = command.params.fields.find(({ name }) => name === "value")!.type
    const values = Array.from({ length: 60 }, (_, seed) => random.value(seed, command, type))
    project.write("values.json", JSON.stringify(values))
    project.write("check.ts", check)
    const { code, output } = run(project.folder, process.execPath, ["--conditions=opbus-source", "check.ts", addon])
    assert.strictEqual(code, 0, output.slice(-4000))
    assert.strictEqual(output.trim().split("\n").at(-1), String(60 * 2 * 4))
  }, 300_000)
})
