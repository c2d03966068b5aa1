/** Intermediate representations written by hand: the seed's spec, and one with everything in it. */
import type { GeneratorContext } from "../../../../src/spec/GeneratorAdapter.ts"
import type { ResolvedConfig } from "../../../../src/spec/GeneratorConfig.ts"
import type * as SpecIr from "../../../../src/spec/SpecIr.ts"

export const primitive = (name: SpecIr.Primitive): SpecIr.Type => ({ _tag: "Primitive", name })
export const array = (item: SpecIr.Type): SpecIr.Type => ({ _tag: "Array", item })
export const record = (value: SpecIr.Type): SpecIr.Type => ({ _tag: "Record", value })
export const nullable = (inner: SpecIr.Type): SpecIr.Type => ({ _tag: "Nullable", inner })
export const ref = (name: string): SpecIr.Type => ({ _tag: "Ref", name })
export const field = (name: string, type: SpecIr.Type, rest: Partial<SpecIr.Field> = {}): SpecIr.Field => ({
  name,
  type,
  optional: false,
  constraints: {},
  sensitive: false,
  ...rest
})
export const struct = (
  name: string,
  fields: ReadonlyArray<SpecIr.Field>,
  rest: Partial<SpecIr.Struct> = {}
): SpecIr.Struct => ({ _tag: "Struct", name, fields, recursive: false, ...rest })

export const pressureLevel: SpecIr.Type = {
  _tag: "Ref",
  name: "PressureLevel",
  external: {
    typescript: "opbus/native/PressureLevel",
    rust: "opbus_core::PressureLevel",
    declaration: {
      _tag: "Enum",
      name: "PressureLevel",
      values: ["normal", "warning", "high", "critical"].map((value) => ({ value })),
      inline: false
    }
  }
}

const command = (
  rest: Partial<SpecIr.Command> & Pick<SpecIr.Command, "name" | "params" | "result">
): SpecIr.Command => ({
  key: rest.name.replace("/", "."),
  description: `Does ${rest.name}`,
  environment: "server",
  adapter: "rust-ipc",
  mode: "async",
  transport: "positional",
  idempotent: false,
  effects: "write",
  failures: [],
  declarations: [],
  examples: [],
  source: `specs/${rest.name}.json`,
  hash: "0".repeat(64),
  ...rest
})

export const gpuService: SpecIr.Service = {
  name: "gpu",
  path: "modules/gpu",
  language: "rust",
  traits: ["ManagedService", "MetricsEmitter"],
  commandPrefix: "gpu/",
  imports: ["opbus_core::PressureLevel"]
}

export const gpuStats: SpecIr.Command = command({
  name: "gpu/stats",
  description: "Query GPU memory manager stats",
  mode: "sync",
  accessLevel: "ai-safe",
  effects: "read",
  service: gpuService,
  params: struct("GpuStatsParams", [
    field("subsystem", ref("GpuStatsParamsSubsystem"), {
      optional: true,
      description: "Filter to specific subsystem"
    })
  ]),
  result: struct("GpuStatsResult", [
    field("gpuName", primitive("string")),
    field("totalVramMb", primitive("number")),
    field("pressure", primitive("number")),
    field("rendering", ref("SubsystemInfo")),
    field("inference", ref("SubsystemInfo")),
    field("tts", ref("SubsystemInfo"))
  ]),
  failures: [{ name: "GpuUnavailable", description: "No GPU", fields: [field("reason", primitive("string"))] }],
  declarations: [
    {
      _tag: "Enum",
      name: "GpuStatsParamsSubsystem",
      values: [{ value: "inference" }, { value: "tts" }, { value: "rendering" }],
      inline: true
    },
    struct("SubsystemInfo", [
      field("budgetMb", primitive("number"), { description: "Budget in MB" }),
      field("usedMb", primitive("number"), { description: "Used in MB" }),
      field("consumers", primitive("number"), { description: "Active consumers" })
    ])
  ]
})

const allPrimitives: ReadonlyArray<SpecIr.Primitive> = [
  ..."string boolean number integer int32 uint32 int64 uint64 bytes timestamp json".split(" ")
] as ReadonlyArray<SpecIr.Primitive>

const kitchenService: SpecIr.Service = {
  name: "every-thing",
  path: "modules/every-thing",
  language: "rust",
  traits: ["ManagedService", "Lifecycle", "MetricsEmitter", "Configurable"],
  commandPrefix: "every-thing/",
  imports: []
}

const kitchenDeclarations: ReadonlyArray<SpecIr.Declaration> = [
  {
    _tag: "Enum",
    name: "Level",
    description: "How much",
    values: [{ value: "low", description: "little" }, { value: "very high" }, { value: "very-high" }, { value: "1st" }],
    inline: false
  },
  { _tag: "Alias", name: "Title", type: primitive("string"), constraints: { minLength: 1 }, recursive: false },
  struct("Nothing", []),
  {
    _tag: "Union",
    name: "Shape",
    description: "A shape",
    discriminator: "_tag",
    recursive: false,
    variants: [
      { name: "Circle", fields: [field("radius", primitive("number"))] },
      {
        name: "Square",
        description: "Four sides",
        fields: [field("side", primitive("number")), field("sink", primitive("int64"), { optional: true })]
      },
      { name: "Point", fields: [] }
    ]
  },
  struct("Node", [
    field("value", primitive("integer")),
    field("next", nullable(ref("Node"))),
    field("parent", ref("Node"), { optional: true }),
    field("children", array(ref("Node"))),
    field("tree", ref("Tree")),
    field("expression", ref("Expression"))
  ], { recursive: true }),
  {
    _tag: "Alias",
    name: "Tree",
    type: record(ref("Node")),
    constraints: {},
    recursive: true
  },
  {
    _tag: "Union",
    name: "Expression",
    discriminator: "kind",
    recursive: true,
    variants: [
      { name: "literal", fields: [field("value", primitive("number"))] },
      { name: "add", fields: [field("left", ref("Expression")), field("right", ref("Expression"))] },
      { name: "tree", fields: [field("of", nullable(ref("Tree")))] }
    ]
  }
]

export const everyThing: ReadonlyArray<SpecIr.Command> = [
  command({
    name: "every-thing/echo",
    description: "Says it all again\n- with a list\nand more",
    service: kitchenService,
    params: struct("EveryThingEchoParams", [
      ...allPrimitives.map((name) => field(`${name}Value`, primitive(name))),
      ...allPrimitives.map((name) => field(`${name}Optional`, primitive(name), { optional: true })),
      ...allPrimitives.map((name) => field(`${name}Null`, nullable(primitive(name)))),
      ...allPrimitives.map((name) => field(`${name}s`, array(primitive(name)))),
      field("matrix", array(array(nullable(primitive("number"))))),
      field("byName", record(array(primitive("uint64")))),
      field("both", nullable(primitive("string")), { optional: true }),
      field("defaulted", primitive("int64"), { optional: true, default: "7" }),
      field("level", ref("Level"), { optional: true, default: "very high" }),
      field("title", ref("Title")),
      field("nothing", ref("Nothing")),
      field("shape", ref("Shape")),
      field("shapes", array(ref("Shape"))),
      field("node", ref("Node"), { optional: true }),
      field("tree", ref("Tree")),
      field("expression", ref("Expression")),
      field("pressure", pressureLevel),
      field("password", primitive("string"), { sensitive: true }),
      field("type", primitive("string")),
      field("aVeryLongNameIndeedThatGoesOnAndOnUntilTheLineIsFullAndThenSome", primitive("string"))
    ]),
    result: struct("EveryThingEchoResult", [
      field("node", ref("Node"), { optional: true }),
      field("shapes", record(nullable(ref("Shape"))))
    ]),
    failures: [
      { name: "TooMuch", fields: [] },
      {
        name: "Refused",
        description: "It was refused",
        fields: [field("secret", primitive("string"), { sensitive: true }), field("level", ref("Level"))]
      }
    ],
    declarations: kitchenDeclarations
  }),
  command({
    name: "every-thing/health",
    service: kitchenService,
    mode: "sync",
    params: struct("EveryThingHealthParams", []),
    result: struct("EveryThingHealthResult", [])
  }),
  command({
    name: "every-thing/watch-all",
    service: kitchenService,
    mode: "stream",
    transport: "json",
    params: struct("EveryThingWatchAllParams", [field("from", primitive("uint32"), { optional: true, default: 0 })]),
    result: struct("EveryThingWatchAllResult", [field("at", primitive("timestamp")), field("n", primitive("uint32"))]),
    failures: [{ name: "Ended", fields: [] }]
  })
]

export const moduleOf = (commands: ReadonlyArray<SpecIr.Command>): SpecIr.Module => ({
  service: commands[0]!.service!,
  commands,
  declarations: commands.flatMap((command) => command.declarations),
  failures: commands.flatMap((command) => command.failures),
  hash: "ab".repeat(32)
})

export const config = (rest: Partial<ResolvedConfig> = {}): ResolvedConfig => ({
  specs: "specs",
  typescript: { out: "src/operations", tests: "src/operations", docs: "src/operations", runtime: "opbus" },
  rust: { core: "native/core", node: "native/node", crate: "my-app-core" },
  adapters: [],
  plugins: [],
  types: new Map(),
  sources: ["src"],
  output: new Map(),
  ...rest
})

export const contextOf = (
  commands: ReadonlyArray<SpecIr.Command>,
  given: ResolvedConfig = config()
): GeneratorContext => ({
  config: given,
  command: (name) => commands.find((command) => command.name === name),
  module: (path) => {
    const own = commands.filter((command) => command.service?.path === path)
    return own.length === 0 ? undefined : moduleOf(own)
  }
})
