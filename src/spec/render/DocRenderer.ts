/**
 * The page that documents a command.
 *
 * @since 0.1.0
 */
import type { GeneratedFile } from "../GeneratedFile.ts"
import type { GeneratorContext } from "../GeneratorAdapter.ts"
import type * as SpecIr from "../SpecIr.ts"
import * as Layout from "./Layout.ts"
import * as NamingConventions from "./NamingConventions.ts"

/**
 * Renders the documentation of a command: what it takes, answers and fails with, its types and its examples.
 *
 * @category combinators
 * @since 0.1.0
 */
export const render = (command: SpecIr.Command, context: GeneratorContext): GeneratedFile => {
  const inline = new Map(
    command.declarations.flatMap((item) => item._tag === "Enum" && item.inline ? [[item.name, item] as const] : [])
  )
  const sections = [
    `# ${text(command.key)}\n\n${paragraph(command.description)}`,
    facts(command),
    section("Parameters", command.params.fields, inline, "Nothing."),
    section(
      command.mode === "stream" ? "Each element" : "Result",
      command.result.fields,
      inline,
      "Nothing but that it is done."
    ),
    failures(command, inline),
    types(command, inline),
    examples(command),
    invoking(command, Layout.relative(Layout.doc(command, context.config), Layout.operation(command, context.config)))
  ]
  return {
    path: Layout.doc(command, context.config),
    kind: "generated",
    contents: `${sections.filter((part) => part !== "").join("\n\n")}\n`,
    sources: [command.source],
    hash: command.hash
  }
}

type Inline = ReadonlyMap<string, SpecIr.Enum>

/** Text of a spec among Markdown: what would be markup is taken literally, whatever it says. */
const text = (value: string): string =>
  value.replaceAll(/[\\`*_[\]<>|#]/g, (character) => `\\${character}`).replaceAll(/\s+/g, " ").trim()

const paragraph = (value: string): string =>
  value.trim().split(/\r?\n\s*\r?\n/).map(text).filter((part) => part !== "").join("\n\n")

/** A longer fence than any run of backticks inside. */
const code = (value: string): string => {
  const fence = "`".repeat(Math.max(0, ...(value.match(/`+/g) ?? []).map((run) => run.length)) + 1)
  const space = value.startsWith("`") || value.endsWith("`") ? " " : ""
  return `${fence}${space}${value.replaceAll(/\s+/g, " ")}${space}${fence}`
}

/** In a table even code ends its cell at a bar. */
const cellCode = (value: string): string => code(value).replaceAll("|", "\\|")

const block = (language: string, value: string): string => {
  const fence = "`".repeat(Math.max(2, ...(value.match(/`+/g) ?? []).map((run) => run.length)) + 1)
  return `${fence}${language}\n${value}\n${fence}`
}

const table = (head: ReadonlyArray<string>, rows: ReadonlyArray<ReadonlyArray<string>>): string =>
  [head, head.map(() => "---"), ...rows].map((row) => `| ${row.join(" | ")} |`).join("\n")

const facts = (command: SpecIr.Command): string => {
  const effects = { read: "changes nothing", write: "changes something", irreversible: "cannot be undone" }
  const modes = { sync: "synchronous", async: "asynchronous", stream: "a stream of results" }
  const rows: Array<readonly [string, string]> = [
    ["Operation", code(command.key)],
    ["Spec", code(command.source)],
    ["Runs", command.environment === "both" ? "on the server and in the browser" : `on the ${command.environment}`],
    ["Mode", modes[command.mode]],
    ["Effects", `${effects[command.effects]}${command.idempotent ? "; twice is the same as once" : ""}`]
  ]
  if (command.accessLevel !== undefined) {
    rows.push(["Access level", cellCode(command.accessLevel)])
  }
  if (command.service !== undefined) {
    rows.push([
      "Service",
      `${code(command.service.name)}, ${command.service.language === "rust" ? "Rust" : "TypeScript"} (${
        command.service.traits.join(", ")
      })`
    ])
  }
  return table(["", ""], rows)
}

const typeText = (type: SpecIr.Type, inline: Inline): string => {
  switch (type._tag) {
    case "Primitive":
      return type.name
    case "Array": {
      const item = typeText(type.item, inline)
      return item.includes(" ") ? `Array<${item}>` : `${item}[]`
    }
    case "Record":
      return `Record<string, ${typeText(type.value, inline)}>`
    case "Nullable":
      return `${typeText(type.inner, inline)} | null`
    case "Ref": {
      const found = inline.get(type.name)
      return found === undefined
        ? type.foreign === undefined ? type.name : `${type.foreign}.${type.name}`
        : found.values.map(({ value }) => `'${value}'`).join(" | ")
    }
  }
}

const constraintTexts: ReadonlyArray<readonly [keyof SpecIr.Constraints, string]> = [
  ["minimum", "at least"],
  ["exclusiveMinimum", "more than"],
  ["maximum", "at most"],
  ["exclusiveMaximum", "less than"],
  ["minLength", "length at least"],
  ["maxLength", "length at most"],
  ["minItems", "items at least"],
  ["maxItems", "items at most"],
  ["pattern", "matches"]
]

const constraints = (self: SpecIr.Constraints): string =>
  constraintTexts.flatMap(([name, label]) => {
    const value = self[name]
    return value === undefined ? [] : [`${label} ${cellCode(String(value))}`]
  }).join(", ")

const fieldTable = (fields: ReadonlyArray<SpecIr.Field>, inline: Inline): string =>
  table(
    ["Name", "Type", ""],
    fields.map((field) => [
      cellCode(field.name),
      cellCode(typeText(field.type, inline)),
      [
        field.description === undefined ? "" : text(field.description),
        field.default === undefined
          ? field.optional ? "Optional." : ""
          : `Default ${cellCode(JSON.stringify(field.default))}.`,
        field.sensitive ? "Never shown in events and logs." : "",
        constraints(field.constraints)
      ].filter((part) => part !== "").join(" ")
    ])
  )

const section = (title: string, fields: ReadonlyArray<SpecIr.Field>, inline: Inline, none: string): string =>
  `## ${title}\n\n${fields.length === 0 ? none : fieldTable(fields, inline)}`

const failures = (command: SpecIr.Command, inline: Inline): string => {
  const parts = command.failures.map((failure) =>
    [
      `### ${text(failure.name)}`,
      ...(failure.description === undefined ? [] : [paragraph(failure.description)]),
      ...(failure.fields.length === 0 ? [] : [fieldTable(failure.fields, inline)])
    ].join("\n\n")
  )
  if (command.service !== undefined) {
    parts.push(
      "### ServiceUnavailable\n\nThe service refuses calls: memory is scarce, it has been shut down, or it is not well."
    )
  }
  return parts.length === 0 ? "" : ["## Failures", ...parts].join("\n\n")
}

const types = (command: SpecIr.Command, inline: Inline): string => {
  const parts = command.declarations.filter((item) => !inline.has(item.name)).map((item) =>
    [
      `### ${text(item.name)}`,
      ...(item.description === undefined ? [] : [paragraph(item.description)]),
      ...declaration(item, inline)
    ].join("\n\n")
  )
  return parts.length === 0 ? "" : ["## Types", ...parts].join("\n\n")
}

const declaration = (self: SpecIr.Declaration, inline: Inline): ReadonlyArray<string> => {
  switch (self._tag) {
    case "Struct":
      return self.fields.length === 0 ? ["Has no fields."] : [fieldTable(self.fields, inline)]
    case "Enum":
      return [
        self.values.map(({ description, value }) =>
          `- ${code(JSON.stringify(value))}${description === undefined ? "" : `: ${text(description)}`}`
        ).join("\n")
      ]
    case "Union":
      return self.variants.flatMap((variant) => [
        `With ${code(`${self.discriminator}: ${JSON.stringify(variant.name)}`)}${
          variant.description === undefined ? "" : `: ${text(variant.description)}`
        }`,
        ...(variant.fields.length === 0 ? [] : [fieldTable(variant.fields, inline)])
      ])
    case "Alias": {
      const limits = constraints(self.constraints)
      return [`Is ${code(typeText(self.type, inline))}${limits === "" ? "" : `, ${limits}`}.`]
    }
  }
}

const examples = (command: SpecIr.Command): string => {
  const parts = command.examples.map((example) =>
    [
      ...(example.description === undefined ? [] : [paragraph(example.description)]),
      ...(example.command === undefined ? [] : [block("sh", example.command)]),
      ...(["params", "result", "error"] as const).flatMap((name) =>
        example[name] === undefined
          ? []
          : [`${titles[name]}\n\n${block("json", pretty(example[name]))}`]
      )
    ].join("\n\n")
  ).filter((part) => part !== "")
  return parts.length === 0 ? "" : ["## Examples", ...parts].join("\n\n")
}

const pretty = (value: SpecIr.Json): string => {
  const flat = JSON.stringify(value)
  return flat.length <= 100 ? flat : JSON.stringify(value, null, 2)
}

const titles = { params: "Parameters:", result: "Answers:", error: "Fails with:" }

/** A fragment, not a program: `typescript` keeps tools that run the `ts` blocks of a documentation away from it. */
const invoking = (command: SpecIr.Command, file: string): string => {
  const name = NamingConventions.typeName(command.name)
  const first = command.examples.find((example) => example.params !== undefined)?.params ?? {}
  return `## Invoking\n\n${
    block("typescript", `import { ${name} } from "${file}"\n\nyield* ${name}.invoke(params)`)
  }\n\n${block("sh", `opbus invoke ${command.key} ${shell(JSON.stringify(first))}`)}`
}

const shell = (argument: string): string => `'${argument.replaceAll("'", "'\\''")}'`
