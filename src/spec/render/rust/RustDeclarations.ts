/**
 * Rust types, and how they cross the border, from declarations.
 *
 * @since 0.1.0
 */
import type * as SpecIr from "../../SpecIr.ts"
import * as RustNames from "./RustNames.ts"
import type * as RustScope from "./RustScope.ts"
import * as Text from "./RustText.ts"
import * as RustTypes from "./RustTypes.ts"

interface Member {
  readonly field: SpecIr.Field
  readonly rust: string
  readonly rendered: RustTypes.Rendered
}

interface Variant {
  readonly name: string
  readonly rust: string
  readonly description: string | undefined
  readonly members: ReadonlyArray<Member>
}

/** The names of the locals in generated functions: a field of the same name is bound to another one. */
const locals = new Set(["sink", "object", "debug"])
const local = (member: Member): string => locals.has(member.rust) ? `${member.rust}_` : member.rust
const binding = (member: Member): string => locals.has(member.rust) ? `${member.rust}: ${member.rust}_` : member.rust

const members = (
  fields: ReadonlyArray<SpecIr.Field>,
  home: SpecIr.Command,
  types: RustTypes.TypeRenderer,
  within: SpecIr.Declaration | undefined
): ReadonlyArray<Member> => {
  const names = RustNames.distinct(fields.map((field) => field.name), RustNames.snake)
  return fields.map((field, i) => ({ field, rust: names[i]!, rendered: types.field(field, home, within) }))
}

const isOptional = ({ field }: Member): boolean => field.optional && field.default === undefined

/** `Wire::read` of a list of fields, as the fields of a literal. */
const readFields = (level: number, all: ReadonlyArray<Member>): ReadonlyArray<string> =>
  all.flatMap((member) =>
    Text.call(
      level,
      `${member.rust}: `,
      `${RustTypes.path(member.rendered.codec)}::${isOptional(member) ? "read_optional" : "read"}`,
      ["source"],
      "?,"
    )
  )

const parseFields = (level: number, all: ReadonlyArray<Member>): ReadonlyArray<string> =>
  all.flatMap((member) => {
    const key = Text.string(member.field.name)
    const codec = RustTypes.path(member.rendered.codec)
    const before = `${member.rust}: `
    if (member.field.default !== undefined) {
      const fallback = Text.string(JSON.stringify(member.field.default))
      return Text.call(level, before, `${codec}::field_or`, ["value", key, fallback], "?,")
    }
    return Text.call(
      level,
      before,
      `${codec}::${isOptional(member) ? "optional_field" : "field"}`,
      ["value", key],
      "?,"
    )
  })

const writeFields = (
  level: number,
  all: ReadonlyArray<Member>,
  access: (member: Member) => string
): ReadonlyArray<string> =>
  all.flatMap((member) =>
    Text.call(
      level,
      "",
      `${RustTypes.path(member.rendered.codec)}::${isOptional(member) ? "write_optional" : "write"}`,
      [access(member), "sink"],
      ";"
    )
  )

const printFields = (
  level: number,
  all: ReadonlyArray<Member>,
  access: (member: Member) => string
): ReadonlyArray<string> =>
  all.flatMap((member) =>
    Text.call(
      level,
      "",
      `${RustTypes.path(member.rendered.codec)}::${isOptional(member) ? "put_optional" : "put"}`,
      ["&mut object", Text.string(member.field.name), access(member)],
      ";"
    )
  )

const literal = (
  level: number,
  before: string,
  path: string,
  fields: ReadonlyArray<string>,
  after: string
): ReadonlyArray<string> => {
  const pad = "    ".repeat(level)
  return fields.length === 0
    ? [`${pad}${before}${path} {}${after}`]
    : [`${pad}${before}${path} {`, ...fields, `${pad}}${after}`]
}

const wireHead = (name: string): string => `impl wire::Wire for ${name} {`
const jsonHead = (name: string): string => `impl json::Json for ${name} {`
const readHead = (name: string): string =>
  `    fn read<R: wire::Source>(${name}: &mut R) -> Result<Self, wire::WireError> {`
const writeHead = (name: string): string => `    fn write<W: wire::Sink>(&self, ${name}: &mut W) {`
const fromJsonHead = (name: string): string =>
  `    fn from_json(${name}: &opbus_core::Value) -> Result<Self, json::JsonError> {`
const toJsonHead = "    fn to_json(&self) -> opbus_core::Value {"

/** Reading something that contains itself counts the levels. */
const guarded = (recursive: boolean, level: number, lines: (level: number) => ReadonlyArray<string>) =>
  recursive
    ? [`${"    ".repeat(level)}source.nested(|source| {`, ...lines(level + 1), `${"    ".repeat(level)}})`]
    : lines(level)

const derives = (all: ReadonlyArray<Member>): string =>
  all.some((member) => member.field.sensitive) ? "#[derive(Clone, PartialEq)]" : "#[derive(Debug, Clone, PartialEq)]"

const redacted = "\"<redacted>\""

const debugFields = (
  level: number,
  all: ReadonlyArray<Member>,
  access: (member: Member) => string
): ReadonlyArray<string> =>
  all.flatMap((member) =>
    Text.call(
      level,
      "",
      "debug.field",
      [Text.string(member.rust), member.field.sensitive ? `&${redacted}` : access(member)],
      ";"
    )
  )

const struct = (
  entry: { readonly rust: string; readonly description: string | undefined; readonly recursive: boolean },
  all: ReadonlyArray<Member>
): ReadonlyArray<string> => {
  const name = entry.rust
  const secret = all.some((member) => member.field.sensitive)
  const none = all.length === 0
  return [
    ...Text.doc(entry.description),
    derives(all),
    ...(none ? [`pub struct ${name} {}`] : [
      `pub struct ${name} {`,
      ...all.flatMap((member) =>
        Text.indent([...Text.doc(member.field.description), `pub ${member.rust}: ${member.rendered.type},`])
      ),
      "}"
    ]),
    "",
    ...(secret
      ? [
        `impl std::fmt::Debug for ${name} {`,
        "    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {",
        ...Text.call(2, "let mut debug = ", "formatter.debug_struct", [Text.string(name)], ";"),
        ...debugFields(2, all, (member) => `&self.${member.rust}`),
        "        debug.finish()",
        "    }",
        "}",
        ""
      ]
      : []),
    wireHead(name),
    readHead(none ? "_source" : "source"),
    ...guarded(entry.recursive, 2, (level) => literal(level, "Ok(", name, readFields(level + 1, all), ")")),
    "    }",
    "",
    ...(none ? [writeHead("_sink").replace(/\{$/u, "{}")] : [
      writeHead("sink"),
      ...writeFields(2, all, (member) => `&self.${member.rust}`),
      "    }"
    ]),
    "}",
    "",
    jsonHead(name),
    fromJsonHead("value"),
    "        json::read_object(value)?;",
    ...literal(2, "Ok(", name, parseFields(3, all), ")"),
    "    }",
    "",
    toJsonHead,
    ...(none
      ? ["        opbus_core::Value::Object(Vec::new())"]
      : [
        "        let mut object = Vec::new();",
        ...printFields(2, all, (member) => `&self.${member.rust}`),
        "        opbus_core::Value::Object(object)"
      ]),
    "    }",
    "}",
    ""
  ]
}

/** Reads the number of a variant, and then the variant. */
const readVariants = (
  recursive: boolean,
  all: ReadonlyArray<Variant>,
  one: (level: number, before: string, variant: Variant, fields: ReadonlyArray<string>) => ReadonlyArray<string>
): ReadonlyArray<string> => {
  if (all.length === 1) {
    const only = (level: number) => [
      `${"    ".repeat(level)}source.index(1)?;`,
      ...one(level, "", all[0]!, readFields(level + 1, all[0]!.members)).map((line, i, lines) =>
        i === lines.length - 1 ? line.replace(/,$/u, "") : line
      )
    ]
    return guarded(recursive, 2, only)
  }
  return [
    `        ${recursive ? "source.nested(|source| " : ""}match source.index(${all.length})? {`,
    ...all.flatMap((variant, i) =>
      one(3, `${i === all.length - 1 ? "_" : i} => `, variant, readFields(4, variant.members))
    ),
    recursive ? "        })" : "        }"
  ]
}

const union = (
  entry: { readonly rust: string; readonly description: string | undefined; readonly recursive: boolean },
  discriminator: string,
  all: ReadonlyArray<Variant>
): ReadonlyArray<string> => {
  const name = entry.rust
  const flat = all.flatMap((variant) => variant.members)
  const secret = flat.some((member) => member.field.sensitive)
  const key = Text.string(discriminator)
  const refs = (level: number, variant: Variant, after: string): ReadonlyArray<string> =>
    Text.pattern(level, `${name}::${variant.rust}`, variant.members.map(binding), after)
  const one = (level: number, before: string, variant: Variant, fields: ReadonlyArray<string>): ReadonlyArray<string> =>
    variant.members.length === 0
      ? before === ""
        ? [`${"    ".repeat(level)}Ok(${name}::${variant.rust}),`]
        : Text.arm(level, before.replace(/ => $/u, ""), `Ok(${name}::${variant.rust})`)
      : literal(level, `${before}Ok(`, `${name}::${variant.rust}`, fields, "),")
  return [
    ...Text.doc(entry.description),
    derives(flat),
    `pub enum ${name} {`,
    ...Text.variants(all.map((variant) => ({
      name: variant.rust,
      doc: Text.doc(variant.description),
      fields: variant.members.map((member) => ({
        text: `${member.rust}: ${member.rendered.type}`,
        doc: Text.doc(member.field.description)
      }))
    }))),
    "}",
    "",
    `impl ${name} {`,
    "    /// The names of the variants, as the spec says them.",
    ...Text.array(
      1,
      `pub const VARIANTS: [&'static str; ${all.length}] = `,
      all.map((variant) => Text.string(variant.name)),
      ";"
    ),
    "}",
    "",
    ...(secret
      ? [
        `impl std::fmt::Debug for ${name} {`,
        "    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {",
        "        match self {",
        ...all.flatMap((variant) =>
          variant.members.length === 0
            ? Text.arm(3, `${name}::${variant.rust}`, `formatter.write_str(${Text.string(variant.rust)})`)
            : [
              ...Text.pattern(
                3,
                `${name}::${variant.rust}`,
                variant.members.map((member) => member.field.sensitive ? `${member.rust}: _` : binding(member)),
                " => {"
              ),
              ...Text.call(4, "let mut debug = ", "formatter.debug_struct", [Text.string(variant.rust)], ";"),
              ...debugFields(4, variant.members, local),
              "                debug.finish()",
              "            }"
            ]
        ),
        "        }",
        "    }",
        "}",
        ""
      ]
      : []),
    wireHead(name),
    readHead("source"),
    ...readVariants(entry.recursive, all, one),
    "    }",
    "",
    writeHead("sink"),
    "        match self {",
    ...all.flatMap((variant, i) =>
      variant.members.length === 0
        ? Text.arm(3, `${name}::${variant.rust}`, `sink.index(${i})`)
        : [
          ...refs(3, variant, " => {"),
          `                sink.index(${i});`,
          ...writeFields(4, variant.members, local),
          "            }"
        ]
    ),
    "        }",
    "    }",
    "}",
    "",
    jsonHead(name),
    fromJsonHead("value"),
    `        match json::read_tag(value, ${key})? {`,
    ...all.flatMap((variant) => one(3, `${Text.string(variant.name)} => `, variant, parseFields(4, variant.members))),
    ...Text.call(3, "_ => Err(", "codec::unknown_tag", [key, "&Self::VARIANTS"], "),"),
    "        }",
    "    }",
    "",
    toJsonHead,
    ...(flat.length === 0 ? [] : [
      "        let mut object = Vec::new();"
    ]),
    ...(flat.length === 0
      ? [
        "        let tag = match self {",
        ...all.flatMap((variant) => Text.arm(3, `${name}::${variant.rust}`, Text.string(variant.name))),
        "        };",
        `        codec::tagged(${key}, tag, Vec::new())`
      ]
      : [
        "        let tag = match self {",
        ...all.flatMap((variant) =>
          variant.members.length === 0
            ? Text.arm(3, `${name}::${variant.rust}`, Text.string(variant.name))
            : [
              ...refs(3, variant, " => {"),
              ...printFields(4, variant.members, local),
              `                ${Text.string(variant.name)}`,
              "            }"
            ]
        ),
        "        };",
        `        codec::tagged(${key}, tag, object)`
      ]),
    "    }",
    "}",
    ""
  ]
}

/** A union without variants: nothing is of this type. */
const never = (name: string, description: string): ReadonlyArray<string> => [
  ...Text.doc(description),
  "#[derive(Debug, Clone, PartialEq)]",
  `pub enum ${name} {}`,
  "",
  wireHead(name),
  readHead("_source"),
  "        Err(wire::WireError::expected(\"nothing: it cannot fail\"))",
  "    }",
  "",
  writeHead("_sink"),
  "        match *self {}",
  "    }",
  "}",
  "",
  jsonHead(name),
  fromJsonHead("_value"),
  "        Err(json::JsonError::expected(\"nothing: it cannot fail\"))",
  "    }",
  "",
  toJsonHead,
  "        match *self {}",
  "    }",
  "}",
  ""
]

const enumeration = (name: string, declaration: SpecIr.Enum): ReadonlyArray<string> => {
  const spelled = RustNames.distinct(declaration.values.map(({ value }) => value), RustNames.variant)
  return [
    ...Text.doc(declaration.description),
    "#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]",
    `pub enum ${name} {`,
    ...declaration.values.flatMap(({ description }, i) => Text.indent([...Text.doc(description), `${spelled[i]},`])),
    "}",
    "",
    `impl ${name} {`,
    "    /// All values, in the order of the spec.",
    ...Text.array(
      1,
      `pub const ALL: [${name}; ${declaration.values.length}] = `,
      spelled.map((variant) => `${name}::${variant}`),
      ";"
    ),
    "",
    "    /// The value as the spec names it.",
    "    pub fn as_str(self) -> &'static str {",
    "        match self {",
    ...declaration.values.flatMap(({ value }, i) => Text.arm(3, `${name}::${spelled[i]}`, Text.string(value))),
    "        }",
    "    }",
    "}",
    "",
    wireHead(name),
    readHead("source"),
    "        Ok(Self::ALL[source.index(Self::ALL.len())?])",
    "    }",
    "",
    writeHead("sink"),
    "        sink.index(*self as usize);",
    "    }",
    "}",
    "",
    jsonHead(name),
    fromJsonHead("value"),
    "        codec::one_of(value, &Self::ALL, Self::as_str)",
    "    }",
    "",
    toJsonHead,
    "        json::write_string(self.as_str())",
    "    }",
    "}",
    ""
  ]
}

const alias = (
  name: string,
  declaration: SpecIr.Alias,
  home: SpecIr.Command,
  types: RustTypes.TypeRenderer
): ReadonlyArray<string> => {
  const rendered = types.render(declaration.type, home, declaration)
  if (!declaration.recursive) {
    return [...Text.doc(declaration.description), ...Text.alias("pub ", name, rendered.type), ""]
  }
  const codec = RustTypes.path(rendered.codec)
  return [
    ...Text.doc(declaration.description),
    "#[derive(Debug, Clone, PartialEq)]",
    `pub struct ${name}(pub ${rendered.type});`,
    "",
    wireHead(name),
    readHead("source"),
    `        source.nested(|source| Ok(${name}(${codec}::read(source)?)))`,
    "    }",
    "",
    writeHead("sink"),
    ...Text.call(2, "", `${codec}::write`, ["&self.0", "sink"], ";"),
    "    }",
    "}",
    "",
    jsonHead(name),
    fromJsonHead("value"),
    `        Ok(${name}(${codec}::from_json(value)?))`,
    "    }",
    "",
    toJsonHead,
    `        ${codec}::to_json(&self.0)`,
    "    }",
    "}",
    ""
  ]
}

/**
 * A type of the spec.
 *
 * @category rendering
 * @since 0.1.0
 */
export const declaration = (entry: RustScope.Entry, types: RustTypes.TypeRenderer): ReadonlyArray<string> => {
  const { declaration, home, rust } = entry
  switch (declaration._tag) {
    case "Struct":
      return struct(
        { rust, description: declaration.description, recursive: declaration.recursive },
        members(declaration.fields, home, types, declaration)
      )
    case "Enum":
      return enumeration(rust, declaration)
    case "Union": {
      const names = RustNames.distinct(declaration.variants.map((variant) => variant.name), RustNames.variant)
      return union(
        { rust, description: declaration.description, recursive: declaration.recursive },
        declaration.discriminator,
        declaration.variants.map((variant, i) => ({
          name: variant.name,
          rust: names[i]!,
          description: variant.description,
          members: members(variant.fields, home, types, declaration)
        }))
      )
    }
    case "Alias":
      return alias(rust, declaration, home, types)
  }
}

/**
 * The error type of a command: one variant per failure.
 *
 * @category rendering
 * @since 0.1.0
 */
export const failures = (
  rust: string,
  command: SpecIr.Command,
  types: RustTypes.TypeRenderer
): ReadonlyArray<string> => {
  const description = `What \`${command.name}\` can fail with.`
  if (command.failures.length === 0) return never(rust, description)
  const names = RustNames.distinct(command.failures.map((failure) => failure.name), RustNames.variant)
  return union(
    { rust, description, recursive: false },
    "_tag",
    command.failures.map((failure, i) => ({
      name: failure.name,
      rust: names[i]!,
      description: failure.description,
      members: members(failure.fields, command, types, undefined)
    }))
  )
}
