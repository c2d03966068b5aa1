import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as SchemaAST from "effect/SchemaAST"
import { explain, makeGuard } from "../../src/operation/internal/codec.ts"
import { Random } from "../history/campaign/random.ts"
import { mutateJson, randomJson, randomSchema } from "./schemas.ts"

/** The cases of the guards of input, for the interpreter and for compiled schemas. */
export const guardCases = (name: string): void => {
  describe(`I1: guards of input, ${name}`, () => {
    it("I1: agree with strict decoding, for any schema and any value", () => {
      let accepted = 0
      let refused = 0
      for (let seed = 1; seed <= 200; seed++) {
        const random = new Random(seed)
        const schema = randomSchema(random, { exact: true })
        const fits = makeGuard(schema)
        const type = Schema.make<Schema.Codec<unknown>>(SchemaAST.toType(schema.ast))
        const decode = Schema.decodeUnknownExit(type)
        const values = Effect.runSync(Arbitrary.sampleEffect(Arbitrary.schema(schema), { count: 4, seed: `${seed}` }))
        for (const value of values) {
          assert.isTrue(fits(value), `seed ${seed}`)
          for (let i = 0; i < 10; i++) {
            const other = i < 8 && isPlain(value) ? mutateJson(random, value) : randomJson(random)
            const expected = decode(other, { onExcessProperty: "error" })._tag === "Success"
            assert.strictEqual(fits(other), expected, `seed ${seed}: ${JSON.stringify(other)}`)
            if (expected) {
              accepted++
              continue
            }
            refused++
            const { issue } = explain(schema, other)
            assert.notStrictEqual(issue, "it does not fit its schema")
            assert.notInclude(issue, "\n")
          }
        }
      }
      assert.isAbove(accepted, 300)
      assert.isAbove(refused, 2_000)
    })

    const User = Schema.Struct({ name: Schema.String, age: Schema.optionalKey(Schema.Finite) })

    it("I1: an excess property is found wherever it stands", () => {
      const places: ReadonlyArray<
        readonly [schema: Schema.Codec<any, any>, value: unknown, path: ReadonlyArray<PropertyKey>]
      > = [
        [User, { name: "a", x: 1 }, ["x"]],
        [Schema.Array(User), [{ name: "a" }, { name: "a", x: 1 }], [1, "x"]],
        [Schema.Record(Schema.String, User), { a: { name: "a" }, b: { name: "a", x: 1 } }, ["b", "x"]],
        [Schema.Struct({ user: User }), { user: { name: "a", x: 1 } }, ["user", "x"]],
        [Schema.Struct({ user: Schema.optional(User) }), { user: { name: "a", x: 1 } }, ["user", "x"]],
        [Schema.Tuple([Schema.String, User]), ["a", { name: "a", x: 1 }], [1, "x"]],
        [Schema.TupleWithRest(Schema.Tuple([]), [Schema.String, User]), ["a", "b", { name: "a", x: 1 }], [2, "x"]],
        [Schema.NullOr(User), { name: "a", x: 1 }, ["x"]],
        [Schema.StructWithRest(User, [Schema.Record(Schema.TemplateLiteral(["x-", Schema.String]), Schema.Finite)]), {
          name: "a",
          y: 1
        }, ["y"]]
      ]
      for (const [schema, value, path] of places) {
        assert.isFalse(makeGuard(schema)(value))
        assert.deepStrictEqual(explain(schema, value), { issue: "this property is not expected", path })
      }
    })

    it("I1: what is no excess is accepted: rests, instances of classes, symbols, inherited properties", () => {
      class Point extends Schema.Class<Point>("Point")({ x: Schema.Finite }) {
        get double() {
          return this.x * 2
        }
      }
      class Named {
        name = "a"
        get shout() {
          return "A"
        }
      }
      assert.isTrue(makeGuard(Schema.Struct({ point: Point }))({ point: new Point({ x: 1 }) }))
      assert.isTrue(makeGuard(User)(new Named()))
      assert.isTrue(makeGuard(User)({ name: "a", [Symbol("s")]: 1 }))
      assert.isTrue(makeGuard(User)(Object.create({ name: "a" }) as object))
      assert.isTrue(
        makeGuard(
          Schema.TupleWithRest(Schema.Tuple([]), [User, Schema.Struct({ a: Schema.String, b: Schema.String })])
        )([
          { name: "a" },
          { a: "a", b: "b" }
        ])
      )
      assert.isTrue(makeGuard(Schema.Struct({}))({ anything: 1 }))
      assert.isTrue(
        makeGuard(Schema.StructWithRest(User, [Schema.Record(Schema.String, Schema.Unknown)]))({ name: "a", x: 1 })
      )
    })

    it("I1: the issue says what was expected and what came, never the value", () => {
      const secret = "hunter2"
      const cases: ReadonlyArray<readonly [schema: Schema.Codec<any, any>, value: unknown]> = [
        [Schema.Finite, secret],
        [Schema.Literals(["a", "b"]), secret],
        [Schema.Struct({ a: Schema.String.check(Schema.isMinLength(20)) }), { a: secret }],
        [Schema.Struct({ a: Schema.String.check(Schema.isPattern(/^x/)) }), { a: secret }],
        [Schema.Union([Schema.Struct({ a: Schema.Finite }), Schema.Struct({ b: Schema.Finite })]), { a: secret }],
        [Schema.Tuple([Schema.Finite]), [secret]],
        [Schema.TemplateLiteral(["x", Schema.Finite]), secret],
        [Schema.Record(Schema.String, Schema.Finite), { [secret.toUpperCase()]: secret }],
        [Schema.Date, secret],
        [Schema.Option(Schema.Finite), { _tag: "Some", value: secret }],
        [Schema.String.check(Schema.makeFilter(() => "it is the wrong one")), secret],
        [Schema.Never, secret],
        [Schema.Void, secret]
      ]
      for (const [schema, value] of cases) {
        const { issue } = explain(schema, value)
        assert.notInclude(issue, secret)
        assert.notInclude(issue, "\n")
        assert.isBelow(issue.length, 300)
      }
    })
  })
}

const isPlain = (value: unknown): value is Schema.Json =>
  typeof value !== "object" || value === null || Array.isArray(value)
    ? !Array.isArray(value) || value.every(isPlain)
    : Object.getPrototypeOf(value) === Object.prototype && Object.values(value).every(isPlain)
