import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as Operation from "opbus/operation/Operation"
import { OperationInvoker } from "opbus/operation/OperationInvoker"
import * as OperationJson from "opbus/operation/OperationJson"
import { OperationRegistry } from "opbus/operation/OperationRegistry"
import { makeRedactor } from "../../src/operation/internal/sensitive.ts"

/** The encoded side of such a field is another node at every turn: whoever walks it does not come to an end. */
interface Tree {
  readonly name: string
  readonly children: ReadonlyArray<Tree>
  readonly parent?: Tree | null
}
interface TreeEncoded {
  readonly name: string
  readonly children?: ReadonlyArray<TreeEncoded>
  readonly parent?: TreeEncoded | null
}

const tree = (name: Schema.Codec<string>): Schema.Codec<Tree, TreeEncoded> => {
  const self: Schema.Codec<Tree, TreeEncoded> = Schema.Struct({
    name,
    children: Schema.Array(Schema.suspend((): Schema.Codec<Tree, TreeEncoded> => self)).pipe(
      Schema.withDecodingDefaultKey(Effect.succeed([]))
    ),
    parent: Schema.optionalKey(Schema.NullOr(Schema.suspend((): Schema.Codec<Tree, TreeEncoded> => self)))
  }).annotate({ identifier: "Tree" })
  return self
}

const Count = Operation.make({ meta: { key: "tree.count" }, input: tree(Schema.String), output: Schema.Int })

const count = (node: Tree): number => node.children.reduce((sum, child) => sum + count(child), 1)

const App = Count.toLayer((root) => Effect.succeed(count(root))).pipe(
  Layer.provideMerge(OperationInvoker.layer),
  Layer.provideMerge(OperationRegistry.layer)
)

const value: Tree = { name: "a", children: [{ name: "b", children: [] }] }

describe("a recursive field with a default", () => {
  it.effect("is invoked", () =>
    Effect.gen(function*() {
      assert.strictEqual(yield* OperationInvoker.invoke(Count, value), 2)
    }).pipe(Effect.provide(App)))

  it("is described as JSON, when it has a name", () => {
    const { input } = OperationJson.toJson(Count)
    const tree = { $ref: "#/$defs/Tree" }
    assert.strictEqual(input["$ref"], tree.$ref)
    assert.deepStrictEqual(input["$defs"], {
      Tree: {
        type: "object",
        properties: {
          name: { type: "string" },
          children: { type: "array", items: tree },
          parent: { anyOf: [tree, { type: "null" }] }
        },
        required: ["name"],
        additionalProperties: false
      }
    })
  })

  it("is refused as JSON, and does not hang, when it has none", () => {
    interface Anonymous {
      readonly children: ReadonlyArray<Anonymous>
    }
    interface AnonymousEncoded {
      readonly children?: ReadonlyArray<AnonymousEncoded>
    }
    const anonymous: Schema.Codec<Anonymous, AnonymousEncoded> = Schema.Struct({
      children: Schema.Array(Schema.suspend((): Schema.Codec<Anonymous, AnonymousEncoded> => anonymous)).pipe(
        Schema.withDecodingDefaultKey(Effect.succeed([]))
      )
    })
    const operation = Operation.make({ meta: { key: "tree.anonymous" }, input: anonymous })
    assert.throws(() => OperationJson.toJson(operation), OperationJson.OperationJsonError)
  })

  it("hides what is sensitive in it at every depth", () => {
    const redact = makeRedactor(tree(Operation.sensitive(Schema.String)))
    assert.deepStrictEqual(redact?.(value), {
      name: "<redacted>",
      children: [{ name: "<redacted>", children: [] }]
    })
    assert.isUndefined(makeRedactor(tree(Schema.String)))
  })
})
