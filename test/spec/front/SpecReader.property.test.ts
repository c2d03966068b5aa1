import { assert, describe, it } from "@effect/vitest"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import type { SpecError } from "opbus/spec/SpecError"
import * as SpecReader from "opbus/spec/SpecReader"
import * as TypeRegistry from "opbus/spec/TypeRegistry"
import { mutateJson, mutateText } from "../support/mutate.ts"
import { makeRandom, makeRandomValues, randomSpec, randomSpecs, resolveRandom } from "../support/randomSpec.ts"
import { makeSchemaOf } from "../support/schemaOf.ts"

const seeds = Array.from({ length: 60 }, (_, i) => i)

const parseAll = (seed: number, count: number) =>
  randomSpecs(seed, count).map(({ source, spec }) => {
    const parsed = SpecReader.parse(source, JSON.stringify(spec, null, 2))
    if (Result.isFailure(parsed)) assert.fail(`seed ${seed}: ${parsed.failure.message}`)
    return { source, spec: parsed.success }
  })

describe("random specs", () => {
  it("come back from the intermediate representation in canonical form", () => {
    for (const seed of seeds) {
      const files = parseAll(seed, 6)
      const bySpec = new Map(files.map(({ spec }) => [spec.name, spec]))
      for (const command of resolveRandom(files).commands) {
        assert.deepStrictEqual(
          JSON.stringify(SpecReader.toSpec(command), null, 1),
          JSON.stringify(SpecReader.canonical(bySpec.get(command.name)!), null, 1),
          `seed ${seed}`
        )
      }
    }
  })

  it("mean the same in canonical form, and have the same hashes", () => {
    for (const seed of seeds.slice(0, 30)) {
      const files = parseAll(seed, 5)
      const canonical = files.map(({ source, spec }) => ({ source, spec: SpecReader.canonical(spec) }))
      for (const { spec } of canonical) assert.deepStrictEqual(SpecReader.canonical(spec), spec, `seed ${seed}`)
      assert.deepStrictEqual(resolveRandom(canonical), resolveRandom(files), `seed ${seed}`)
    }
  })

  it("mean the same whatever the order of files, of keys and of declarations", () => {
    const reversed = (value: any): any =>
      Array.isArray(value) || typeof value !== "object" || value === null
        ? value
        : Object.fromEntries(Object.entries(value).reverse())
    for (const seed of seeds.slice(0, 30)) {
      const files = parseAll(seed, 5)
      const shuffled = makeRandom(seed).shuffle(files).map(({ source, spec }) => ({
        source,
        spec: reversed({
          ...spec,
          ...(spec.types === undefined ? {} : { types: reversed(spec.types) }),
          ...(spec.errors === undefined ? {} : { errors: reversed(spec.errors) })
        })
      }))
      assert.deepStrictEqual(resolveRandom(shuffled), resolveRandom(files), `seed ${seed}`)
    }
  })

  it("declare what a type refers to before the type, but for recursion", () => {
    for (const seed of seeds.slice(0, 30)) {
      for (const { declarations, name } of resolveRandom(parseAll(seed, 6)).commands) {
        const seen = new Set<string>()
        for (const declaration of declarations) {
          const refs = [...JSON.stringify(declaration).matchAll(/"_tag":"Ref","name":"(\w+)"\}/g)].map(([, ref]) =>
            ref!
          )
          const late = refs.filter((ref) => !seen.has(ref))
          assert.isTrue(
            late.length === 0 || declaration._tag !== "Enum" && declaration.recursive,
            `seed ${seed}, ${name}: ${declaration.name} before ${late}`
          )
          seen.add(declaration.name)
        }
      }
    }
  })

  it("have values that the schemas accept, and mutants of values that are refused exactly when the schemas refuse them", () => {
    const counts = { accepted: 0, refused: 0 }
    for (const seed of seeds.slice(0, 25)) {
      const files = parseAll(seed, 4).map(({ source, spec: { examples: _, ...spec } }) => ({ source, spec }))
      const { commands } = resolveRandom(files)
      const values = makeRandomValues(commands)
      const schemas = makeSchemaOf(commands)
      const random = makeRandom(seed)
      for (const command of commands) {
        const decode = Schema.decodeUnknownResult(Schema.toCodecJson(schemas.params(command)), {
          onExcessProperty: "error"
        })
        for (let i = 0; i < 10; i++) {
          const valid = values.params(random.int(0, 1e9), command)
          const params: any = i < 3 ? valid : mutateJson(random, valid)
          if (typeof params !== "object" || params === null || JSON.stringify(params).includes("\\ud800")) continue
          const fits = Result.isSuccess(decode(params))
          if (i < 3) assert.isTrue(fits, `seed ${seed}, ${command.name}: ${JSON.stringify(params)}`)
          const withExample = files.map(({ source, spec }) =>
            spec.name === command.name ? { source, spec: { ...spec, examples: [{ params }] } } : { source, spec }
          )
          const resolved = SpecReader.resolve(withExample, TypeRegistry.empty)
          counts[fits ? "accepted" : "refused"]++
          assert.strictEqual(
            Result.isSuccess(resolved),
            fits,
            `seed ${seed}, ${command.name}: ${JSON.stringify(params)} ${
              Result.isFailure(resolved) ? resolved.failure.message : "passed"
            }`
          )
        }
      }
    }
    assert.isAbove(counts.accepted, 200)
    assert.isAbove(counts.refused, 200)
  })
})

describe("hostile specs", () => {
  const bases = Array.from({ length: 60 }, (_, seed) => randomSpec(seed))

  const read = (source: string, text: string, seed: number): boolean => {
    const parsed = SpecReader.parse(source, text)
    const result: Result.Result<unknown, SpecError> = Result.isFailure(parsed)
      ? parsed
      : SpecReader.resolve([{ source, spec: parsed.success }], TypeRegistry.empty)
    if (Result.isSuccess(result)) return true
    const { message, problems } = result.failure
    assert.isAbove(problems.length, 0, `seed ${seed}`)
    for (const problem of problems) {
      assert.strictEqual(problem.source, source)
      assert.isAtLeast(problem.line!, 1, `seed ${seed}: ${problem.message}`)
      assert.isAtLeast(problem.column!, 1)
      assert.match(problem.message, /\.$/, `seed ${seed}`)
    }
    assert.strictEqual(message.split("\n").length, problems.length, `seed ${seed}: ${message}`)
    return false
  }

  it("whose JSON was changed are typed failures, or specs", () => {
    let refused = 0
    for (let seed = 0; seed < 1500; seed++) {
      const random = makeRandom(seed)
      let spec: unknown = bases[seed % bases.length]!
      for (let i = random.int(1, 4); i > 0; i--) spec = mutateJson(random, spec)
      if (!read("specs/a.json", JSON.stringify(spec, null, 1), seed)) refused++
    }
    assert.isAbove(refused, 700)
  })

  it("whose text was changed are typed failures, or specs", () => {
    let refused = 0
    for (let seed = 0; seed < 1500; seed++) {
      const random = makeRandom(seed)
      let text = JSON.stringify(bases[seed % bases.length]!, null, 1)
      for (let i = random.int(1, 3); i > 0; i--) text = mutateText(random, text)
      if (!read("specs/a.json", text, seed)) refused++
    }
    assert.isAbove(refused, 700)
  })
})
