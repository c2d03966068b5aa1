/**
 * An OpenAPI 3.1 document of commands, as `OperationServer.layerHttp` serves them: `POST /rpc/<key>` with the params as the
 * body.
 *
 * @since 0.1.0
 */
import type { GeneratorContext } from "../../GeneratorAdapter.ts"
import type * as SpecIr from "../../SpecIr.ts"
import * as Declarations from "../Declarations.ts"
import * as JsonSchemaRenderer from "./JsonSchemaRenderer.ts"

type JsonObject = { [key: string]: SpecIr.Json }

const refused = "OperationError"
const unavailable = "ServiceUnavailable"

/**
 * Renders the document.
 *
 * @category rendering
 * @since 0.1.0
 */
export const render = (commands: ReadonlyArray<SpecIr.Command>, context: GeneratorContext): JsonObject => {
  const served = commands.filter((command) => command.environment !== "browser")
  const schemas: JsonObject = { [refused]: operationError }
  const paths: JsonObject = {}
  if (served.some((command) => command.service !== undefined)) schemas[unavailable] = serviceUnavailable
  const all = Declarations.of(served, context, Object.keys(schemas))
  const place: JsonSchemaRenderer.Place = { prefix: "#/components/schemas/", nameOf: all.nameOf }
  for (const { declaration, home, name } of all.entries) {
    schemas[name] = JsonSchemaRenderer.ofDeclaration(declaration, home, place)
  }
  for (const command of served) paths[`/rpc/${command.key}`] = { post: operation(command, place) }
  return {
    openapi: "3.1.0",
    jsonSchemaDialect: "https://json-schema.org/draft/2020-12/schema",
    info: { title: "Operations", version: "1" },
    paths,
    components: { schemas }
  }
}

const operation = (command: SpecIr.Command, place: JsonSchemaRenderer.Place): JsonObject => {
  const ref = (name: string): JsonObject => ({ $ref: `${place.prefix}${place.nameOf(name, command)}` })
  const streams = command.mode === "stream"
  const failures: ReadonlyArray<SpecIr.Json> = [
    ...command.failures.map((failure) => JsonSchemaRenderer.ofFailure(failure, command, place)),
    ...command.service === undefined ? [] : [{ $ref: `${place.prefix}${unavailable}` }]
  ]
  const examples = command.examples.filter((example) => example.params !== undefined)
  return {
    operationId: command.key,
    summary: command.description.trim().split("\n")[0]!,
    description: command.description,
    tags: [command.key.split(".")[0]!],
    ...command.accessLevel === undefined ? {} : { "x-permission": command.accessLevel },
    "x-effects": command.effects,
    "x-idempotent": command.idempotent,
    requestBody: {
      required: true,
      content: {
        "application/json": {
          schema: ref(command.params.name),
          ...examples.length === 0 ? {} : {
            examples: Object.fromEntries(
              examples.map((example, i) => [
                `example${i + 1}`,
                {
                  ...example.description === undefined ? {} : { summary: example.description },
                  value: example.params!
                }
              ])
            )
          }
        }
      }
    },
    responses: {
      "200": {
        description: streams ? "The elements, one JSON value a line." : "The result.",
        content: { [streams ? "application/x-ndjson" : "application/json"]: { schema: ref(command.result.name) } }
      },
      ...failures.length === 0 ? {} : {
        "422": {
          description: "A failure that the command names.",
          content: { "application/json": { schema: failures.length === 1 ? failures[0]! : { oneOf: failures } } }
        }
      },
      default: {
        description: "The bus refused the call.",
        content: { "application/json": { schema: { $ref: `${place.prefix}${refused}` } } }
      }
    }
  }
}

const operationError: JsonObject = {
  type: "object",
  properties: {
    _tag: { const: "OperationError" },
    key: { type: "string" },
    reason: { type: "object", properties: { _tag: { type: "string" } }, required: ["_tag"] }
  },
  required: ["_tag", "key", "reason"]
}

const serviceUnavailable: JsonObject = {
  type: "object",
  properties: {
    _tag: { const: "ServiceUnavailable" },
    service: { type: "string" },
    reason: { enum: ["Pressure", "Shutdown", "Quarantined", "Escalated", "NotLoaded", "Refused", "Crashed"] },
    message: { type: "string" }
  },
  required: ["_tag", "service", "reason", "message"]
}
