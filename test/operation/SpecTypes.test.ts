import { assert, describe, it } from "@effect/vitest"
import * as DateTime from "effect/DateTime"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SpecTypes from "opbus/operation/SpecTypes"

const decoded = (schema: Schema.Constraint, json: unknown): unknown => {
  const result = Schema.decodeUnknownResult(Schema.toCodecJson(schema as Schema.Codec<unknown>))(json)
  return Result.isSuccess(result) ? result.success : "refused"
}

const accepts = (schema: Schema.Constraint, value: unknown): boolean =>
  Schema.is(schema as Schema.Codec<unknown>)(value)

/** What a value is in JSON, which has to decode to the same value again. */
const encoded = (schema: Schema.Constraint, value: unknown): unknown => {
  const codec = Schema.toCodecJson(schema as Schema.Codec<unknown>)
  const json = Schema.encodeUnknownSync(codec)(value)
  assert.deepStrictEqual(Schema.decodeUnknownSync(codec)(JSON.parse(JSON.stringify(json))), value)
  return json
}

describe("SpecTypes", () => {
  it("has strings of whole characters", () => {
    assert.isTrue(accepts(SpecTypes.String, "é 🎉 \u0000"))
    assert.isFalse(accepts(SpecTypes.String, "\ud83c"))
    assert.strictEqual(decoded(SpecTypes.String, "\udf89x"), "refused")
  })

  it("has numbers that stay what they are in every language", () => {
    const table: ReadonlyArray<readonly [Schema.Constraint, ReadonlyArray<unknown>, ReadonlyArray<unknown>]> = [
      [SpecTypes.Number, [0, -1.5, 1e308, 5e-324], [NaN, Infinity, "1", 1n]],
      [SpecTypes.Integer, [0, 2 ** 53 - 1, -(2 ** 53 - 1)], [0.5, 2 ** 53, -(2 ** 53)]],
      [SpecTypes.Int32, [0, 2 ** 31 - 1, -(2 ** 31)], [0.5, 2 ** 31, -(2 ** 31) - 1]],
      [SpecTypes.Uint32, [0, 2 ** 32 - 1], [-1, 2 ** 32, 0.5]],
      [SpecTypes.Boolean, [true, false], [0, "true", null]]
    ]
    for (const [schema, good, bad] of table) {
      for (const value of good) {
        assert.isTrue(accepts(schema, value), String(value))
        assert.deepStrictEqual(encoded(schema, value), value)
      }
      for (const value of bad) {
        assert.isFalse(accepts(schema, value), String(value))
        assert.strictEqual(decoded(schema, value), "refused", String(value))
      }
    }
  })

  it("has 64-bit integers, in JSON as their digits, written one way only", () => {
    for (const value of [0n, 1n, -1n, 2n ** 63n - 1n, -(2n ** 63n)]) {
      assert.strictEqual(encoded(SpecTypes.Int64, value), String(value))
    }
    for (const value of [0n, 2n ** 64n - 1n]) assert.strictEqual(encoded(SpecTypes.Uint64, value), String(value))
    for (const value of [2n ** 63n, -(2n ** 63n) - 1n, 1]) assert.isFalse(accepts(SpecTypes.Int64, value))
    for (const value of [2n ** 64n, -1n, 1]) assert.isFalse(accepts(SpecTypes.Uint64, value))
    for (const json of ["-0", "007", "+1", "1.0", "", " 1", "1n", "0x1", 1, "9223372036854775808", "9".repeat(500)]) {
      assert.strictEqual(decoded(SpecTypes.Int64, json), "refused", String(json))
    }
    for (const json of ["-1", "00", "18446744073709551616"]) {
      assert.strictEqual(decoded(SpecTypes.Uint64, json), "refused")
    }
  })

  it("has bytes, in JSON as base64, written one way only", () => {
    for (let length = 0; length < 70; length++) {
      const bytes = Uint8Array.from({ length }, (_, i) => i * 37 + length & 255)
      assert.strictEqual(encoded(SpecTypes.Bytes, bytes), Buffer.from(bytes).toString("base64"))
    }
    for (const json of ["Q", "QQ", "QQ=", "QR==", "QUJ=", "QU=D", "=QUI", "QQ==QQ==", "Q Q=", "QQ\n==", "-_-_", 5]) {
      assert.strictEqual(decoded(SpecTypes.Bytes, json), "refused", String(json))
    }
    const large = Buffer.alloc(5_000_001, 7)
    assert.strictEqual((decoded(SpecTypes.Bytes, large.toString("base64")) as Uint8Array).length, large.length)
    const broken = large.toString("base64").replace(/^(.{4095})./, "$1?")
    assert.strictEqual(decoded(SpecTypes.Bytes, broken), "refused")
  })

  it("has times to the millisecond, in years of four digits", () => {
    const time = (text: string) => DateTime.makeUnsafe(text)
    for (
      const text of [
        "2026-11-21T10:00:00.000Z",
        "0000-01-01T00:00:00.000Z",
        "9999-12-31T23:59:59.999Z",
        "2024-02-29T00:00:00.001Z"
      ]
    ) {
      assert.strictEqual(encoded(SpecTypes.Timestamp, time(text)), text)
    }
    for (
      const json of [
        "2026-02-29T00:00:00.000Z",
        "2026-11-21T10:00:00Z",
        "2026-11-21",
        "2026-11-21T10:00:00.000+01:00",
        "2026-13-01T00:00:00.000Z",
        "2026-01-01T24:00:00.000Z",
        "+010000-01-01T00:00:00.000Z",
        0
      ]
    ) {
      assert.strictEqual(decoded(SpecTypes.Timestamp, json), "refused", String(json))
    }
    assert.isFalse(accepts(SpecTypes.Timestamp, DateTime.makeUnsafe(253_402_300_800_000)))
    assert.isFalse(accepts(SpecTypes.Timestamp, DateTime.makeUnsafe(-62_167_219_200_001)))
    assert.isFalse(accepts(SpecTypes.Timestamp, new Date()))
  })

  it("has JSON values that are neither too deep nor hold half characters", () => {
    const nested = (levels: number): unknown => levels === 0 ? 1 : [nested(levels - 1)]
    for (const value of [null, "a", [1, { a: [true] }], { constructor: 1 }, nested(SpecTypes.jsonDepth)]) {
      assert.isTrue(accepts(SpecTypes.Json, value))
      assert.deepStrictEqual(encoded(SpecTypes.Json, value), value)
    }
    for (
      const value of [
        undefined,
        NaN,
        1n,
        new Date(),
        { a: undefined },
        ["\ud800"],
        { "\ud800": 1 },
        nested(SpecTypes.jsonDepth + 1)
      ]
    ) {
      assert.isFalse(accepts(SpecTypes.Json, value))
    }
  })

  it("has objects without fields, which nothing else is", () => {
    assert.isTrue(accepts(SpecTypes.Empty, {}))
    for (const value of [[], 42, "text", null, { a: 1 }, true]) {
      assert.isFalse(accepts(SpecTypes.Empty, value), String(value))
    }
  })

  it("says in JSON Schema what it means", () => {
    const { schema } = Schema.toJsonSchemaDocument(
      Schema.Struct({ id: SpecTypes.Int64, at: SpecTypes.Timestamp, data: SpecTypes.Bytes })
    )
    assert.include(Schema.toJsonSchemaDocument(SpecTypes.Empty).schema, { type: "object" })
    assert.deepStrictEqual(schema["properties"], {
      id: { type: "string", pattern: "^(?:0|-?[1-9][0-9]{0,18})$" },
      at: { type: "string", format: "date-time" },
      data: { type: "string", allOf: [{ contentEncoding: "base64" }] }
    })
  })
})
