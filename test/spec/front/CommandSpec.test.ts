import { assert, describe, it } from "@effect/vitest"
import * as Result from "effect/Result"
import { globSync, readFileSync } from "node:fs"
import * as CommandSpec from "opbus/spec/CommandSpec"
import * as SpecReader from "opbus/spec/SpecReader"
import { mutateJson } from "../support/mutate.ts"
import { makeRandom, randomSpec } from "../support/randomSpec.ts"

const root = new URL("../../../", import.meta.url)
const published = JSON.parse(readFileSync(new URL("schemas/command-spec-2.json", root), "utf8"))

describe("the JSON Schema of specs", () => {
  it("is the one that the package holds (else: node --conditions=opbus-source scripts/spec-schema.ts)", () => {
    assert.deepStrictEqual(published, JSON.parse(JSON.stringify(CommandSpec.jsonSchema())))
  })

  it("accepts the specs of opbus itself", () => {
    const files = globSync("specs/**/*.json", { cwd: root })
    assert.isAbove(files.length, 10)
    for (const file of files) {
      assert.deepStrictEqual(misfits(published, JSON.parse(readFileSync(new URL(file, root), "utf8"))), [], file)
    }
  })

  it("accepts exactly what the reader accepts, but for the names of declarations, which resolve checks", () => {
    const bases = Array.from({ length: 40 }, (_, seed) => randomSpec(seed))
    const loose = JSON.parse(JSON.stringify(published, (key, value) => key === "propertyNames" ? undefined : value))
    let refused = 0
    for (let seed = 0; seed < 600; seed++) {
      const base = bases[seed % bases.length]
      const spec: any = seed < bases.length ? base : mutateJson(makeRandom(seed), base)
      const text = JSON.stringify(spec)
      if (spec.version !== 2 || text.includes("\\ud800")) continue
      const accepted = Result.isSuccess(SpecReader.parse("specs/a.json", text))
      assert.strictEqual(misfits(loose, spec).length === 0, accepted, `seed ${seed}`)
      if (!accepted) refused++
    }
    assert.isAbove(refused, 100)
  })

  it("knows how the names of declarations are written", () => {
    const spec = { version: 2, name: "a/b", description: "x", adapter: "server-only" }
    const fields = { "wrong name": { type: "string" } }
    for (
      const more of [{ types: { lower: { enum: ["a"] } } }, { types: { A: { fields } } }, { errors: { "x y": {} } }]
    ) {
      assert.isAbove(misfits(published, { ...spec, ...more }).length, 0, JSON.stringify(more))
    }
    assert.deepStrictEqual(misfits(published, spec), [])
  })
})

/** As much of a validator of JSON Schema as the published file needs; a keyword that it does not know is an error. */
const misfits = (schema: any, value: any, path = "", root = schema): ReadonlyArray<string> => {
  const found: Array<string> = []
  const say = (keyword: string) => found.push(`${path}: ${keyword}`)
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value)
  for (const [keyword, wanted] of Object.entries<any>(schema)) {
    switch (keyword) {
      case "$schema":
      case "$defs":
      case "title":
      case "description":
        break
      case "$ref":
        found.push(...misfits(root["$defs"][wanted.replace("#/$defs/", "")], value, path, root))
        break
      case "type": {
        const type = value === null ? "null" : Array.isArray(value) ? "array" : typeof value
        if (type !== wanted && !(wanted === "integer" && Number.isInteger(value))) say(keyword)
        break
      }
      case "enum":
        if (!wanted.includes(value)) say(keyword)
        break
      case "const":
        if (value !== wanted) say(keyword)
        break
      case "pattern":
        if (typeof value === "string" && !new RegExp(wanted, "u").test(value)) say(keyword)
        break
      case "minLength":
        if (typeof value === "string" && value.length < wanted) say(keyword)
        break
      case "maxLength":
        if (typeof value === "string" && value.length > wanted) say(keyword)
        break
      case "minimum":
        if (typeof value === "number" && value < wanted) say(keyword)
        break
      case "maximum":
        if (typeof value === "number" && value > wanted) say(keyword)
        break
      case "required":
        for (const key of isObject ? wanted : []) if (!Object.hasOwn(value, key)) say(`${keyword} ${key}`)
        break
      case "properties":
        for (const [key, inner] of Object.entries(wanted)) {
          if (isObject && Object.hasOwn(value, key)) found.push(...misfits(inner, value[key], `${path}/${key}`, root))
        }
        break
      case "additionalProperties":
        for (const key of isObject ? Object.keys(value) : []) {
          if (Object.hasOwn(schema.properties ?? {}, key)) continue
          if (wanted === false) say(`${keyword} ${key}`)
          else found.push(...misfits(wanted, value[key], `${path}/${key}`, root))
        }
        break
      case "propertyNames":
        for (const key of isObject ? Object.keys(value) : []) {
          if (misfits(wanted, key, path, root).length > 0) say(`${keyword} ${key}`)
        }
        break
      case "items":
        if (Array.isArray(value)) value.forEach((item, i) => found.push(...misfits(wanted, item, `${path}/${i}`, root)))
        break
      case "anyOf":
        if (wanted.every((option: any) => misfits(option, value, path, root).length > 0)) say(keyword)
        break
      case "allOf":
        for (const part of wanted) found.push(...misfits(part, value, path, root))
        break
      default:
        throw new Error(`the keyword ${keyword} is not known here`)
    }
  }
  return found
}
