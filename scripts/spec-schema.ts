/**
 * Writes the JSON Schema of specs, which the package holds for editors: `node --conditions=opbus-source scripts/spec-schema.ts`.
 * A test compares the file with what this would write.
 */
import { mkdirSync, writeFileSync } from "node:fs"
import * as CommandSpec from "opbus/spec/CommandSpec"

const folder = new URL("../schemas/", import.meta.url)
mkdirSync(folder, { recursive: true })
writeFileSync(new URL("command-spec-2.json", folder), `${JSON.stringify(CommandSpec.jsonSchema(), null, 2)}\n`)
