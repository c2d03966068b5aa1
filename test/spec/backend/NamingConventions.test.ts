import { assert, describe, it } from "@effect/vitest"
import * as NamingConventions from "../../../src/spec/render/NamingConventions.ts"

describe("NamingConventions", () => {
  it("writes one name in every convention", () => {
    for (const name of ["budgetMb", "budget-mb", "budget_mb", "BUDGET_MB", "Budget Mb"]) {
      assert.deepStrictEqual(
        (["camel", "pascal", "snake", "constant", "kebab"] as const).map((style) =>
          NamingConventions.convert(name, style)
        ),
        ["budgetMb", "BudgetMb", "budget_mb", "BUDGET_MB", "budget-mb"]
      )
    }
  })

  it("keeps runs of capitals, digits and other scripts together", () => {
    for (
      const [name, snake] of [
        ["HTTPServer", "http_server"],
        ["totalVRAM", "total_vram"],
        ["int64Value", "int64_value"],
        ["größeÄndern", "größe_ändern"],
        ["a/b.c", "a_b_c"],
        ["", ""]
      ]
    ) assert.strictEqual(NamingConventions.snake(name!), snake)
    assert.strictEqual(NamingConventions.pascal("𐐨x-y"), "𐐀xY")
  })

  it("names commands and their operations", () => {
    assert.strictEqual(NamingConventions.typeName("model-pool/loadAll"), "ModelPoolLoadAll")
    assert.strictEqual(NamingConventions.operationKey("model-pool/loadAll"), "modelPool.loadAll")
  })

  it("gives way to reserved words, of each language its own", () => {
    assert.deepStrictEqual(
      (["typescript", "rust", "c", "python"] as const).map((language) => [
        NamingConventions.identifier("match", "snake", language),
        NamingConventions.identifier("delete", "snake", language),
        NamingConventions.identifier("signed", "snake", language),
        NamingConventions.identifier("lambda", "snake", language)
      ]),
      [
        ["match", "delete_", "signed", "lambda"],
        ["match_", "delete", "signed", "lambda"],
        ["match", "delete_", "signed_", "lambda"],
        ["match_", "delete", "signed", "lambda_"]
      ]
    )
    assert.strictEqual(NamingConventions.identifier("2d", "camel", "rust"), "_2d")
    assert.isTrue(NamingConventions.isReserved("OperationInvoker", "typescript"))
  })

  it("finds names that become one", () => {
    assert.deepStrictEqual(
      NamingConventions.collisions(["fooBar", "foo_bar", "foo", "type", "type_", "fooBar"], "snake", "rust"),
      [{ identifier: "foo_bar", names: ["fooBar", "foo_bar"] }, { identifier: "type_", names: ["type", "type_"] }]
    )
    assert.deepStrictEqual(NamingConventions.collisions(["fooBar", "foo_bar"], "camel", "typescript").length, 1)
  })

  it("gives every value of an enum a name of its own, in order", () => {
    assert.deepStrictEqual(
      [...NamingConventions.distinct(["a b", "a-b", "A B2", "", "404", "self"], "pascal", "rust")],
      [["a b", "AB"], ["a-b", "AB2"], ["A B2", "AB22"], ["", "_"], ["404", "_404"], ["self", "Self_"]]
    )
  })
})
