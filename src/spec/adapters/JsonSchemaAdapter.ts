/**
 * JSON Schema, and OpenAPI for what `OperationServer` serves as plain JSON calls.
 *
 * @since 0.1.0
 */
import type { GeneratedFile } from "../GeneratedFile.ts"
import type { GeneratorAdapter, GeneratorContext } from "../GeneratorAdapter.ts"
import * as JsonSchemaRenderer from "../render/native/JsonSchemaRenderer.ts"
import * as OpenApiRenderer from "../render/native/OpenApiRenderer.ts"
import * as SpecHash from "../SpecHash.ts"
import type * as SpecIr from "../SpecIr.ts"

/** Where the files go unless `output` of the config says otherwise. */
const folder = (context: GeneratorContext): string => context.config.output.get("json-schema") ?? "schemas"

/**
 * Makes a JSON Schema (2020-12) of each command's params, result and failures, and one OpenAPI 3.1 document of all.
 *
 * @category adapters
 * @since 0.1.0
 */
export const JsonSchemaAdapter: GeneratorAdapter = {
  name: "json-schema",
  description: "A JSON Schema of each command, and an OpenAPI document of all",
  version: 1,
  check: JsonSchemaRenderer.check,
  command: (command, context): ReadonlyArray<GeneratedFile> => [{
    path: `${folder(context)}/${command.name}.json`,
    kind: "generated",
    contents: text(JsonSchemaRenderer.render(command, context)),
    sources: [command.source],
    hash: command.hash
  }],
  project: ({ commands }, context) => [{
    path: `${folder(context)}/openapi.json`,
    kind: "generated",
    contents: text(OpenApiRenderer.render(commands, context)),
    sources: commands.map((command) => command.source),
    hash: SpecHash.sha256(commands.map((command) => command.hash).join("\n"))
  }]
}

const text = (value: SpecIr.Json): string => `${JSON.stringify(value, null, 2)}\n`
