import { assert, describe, it } from "@effect/vitest"
import * as Printer from "../../../src/spec/render/Printer.ts"
import * as TypeScript from "../../../src/spec/render/TypeScriptPrinter.ts"

const render = (doc: Printer.Doc, width = 30) => Printer.render(doc, { width })

/** What a program reads that was written. */
const evaluate = (doc: Printer.Doc): unknown => {
  // oxlint-disable-next-line no-new-func
  return new Function(`return (${render(doc)})`)()
}

describe("Printer", () => {
  it("keeps a group on its line while it and what follows fits", () => {
    const call = (name: string) => TypeScript.call(name, ["\"aaaaaaaaaa\"", "\"bbbbbbbbb\""])
    assert.strictEqual(render(call("f")), "f(\"aaaaaaaaaa\", \"bbbbbbbbb\")")
    assert.strictEqual(render(call("ffff")), "ffff(\n  \"aaaaaaaaaa\",\n  \"bbbbbbbbb\"\n)")
    assert.strictEqual(render(Printer.concat(call("f"), ".then")), "f(\n  \"aaaaaaaaaa\",\n  \"bbbbbbbbb\"\n).then")
  })

  it("breaks the outer group first", () => {
    const inner = TypeScript.array(["11111", "22222"])
    const doc = TypeScript.call("function", [inner, inner])
    assert.strictEqual(render(doc), "function(\n  [11111, 22222],\n  [11111, 22222]\n)")
  })

  it("never leaves spaces at the ends of lines, also where lines are empty", () => {
    const doc = Printer.indent("{", Printer.hardline, Printer.hardline, "x", Printer.hardline)
    assert.strictEqual(render(doc), "{\n\n  x\n")
  })

  it("counts the columns of wide characters", () => {
    const doc = (text: string) => TypeScript.call("f", [TypeScript.string(text)])
    assert.strictEqual(Printer.render(doc("abcd"), { width: 9 }), "f(\"abcd\")")
    assert.strictEqual(Printer.render(doc("日本"), { width: 9 }), "f(\"日本\")")
    assert.strictEqual(Printer.render(doc("日本語"), { width: 9 }), "f(\n  \"日本語\"\n)")
    assert.strictEqual(Printer.render(doc("e\u0301e\u0301e\u0301"), { width: 8 }), "f(\"e\u0301e\u0301e\u0301\")")
  })

  it("puts a text that is too long on the line after its key", () => {
    assert.strictEqual(
      render(TypeScript.object([{ name: "description", value: "\"a text of some length\"" }])),
      "{\n  description:\n    \"a text of some length\"\n}"
    )
  })

  it("writes JSON that is read back as it was", () => {
    for (
      const value of [
        { "__proto__": 1 },
        JSON.parse("{\"__proto__\": {\"x\": [1]}, \"a-b\": \"\\u2028\\u202e\\ud800 \\\"'`${x}\"}"),
        [-0, 1e300, 0.1, null, true, "</script>", ""],
        { constructor: { "1": [] }, "": {} }
      ]
    ) assert.deepStrictEqual(evaluate(TypeScript.json(value)), value)
    assert.strictEqual(Object.is(evaluate(TypeScript.json(-0)), -0), true)
  })

  it("hides nothing: what would change how a line reads is written as an escape", () => {
    const text = "a\u202eb\u2066c\ufeffd\u200be\u0007"
    assert.strictEqual(TypeScript.string(text), "\"a\\u202eb\\u2066c\\ufeffd\\u200be\\u0007\"")
    assert.strictEqual(TypeScript.comment("x */ alert(\u202e)"), "/** x *\\/ alert(\\u202e) */")
    assert.strictEqual(render(TypeScript.comment("\n one \r\n\r\n two\n")), "/**\n *  one\n *\n *  two\n */")
  })

  it("writes a pattern as a literal where that says the same", () => {
    for (const source of ["^a+$", "/", "\\/", "", "[/]", "\\n", "\n", "\u202e", "\\p{L}", "a|b"]) {
      const pattern = evaluate(TypeScript.pattern(source)) as RegExp
      assert.strictEqual(pattern.flags, "u")
      assert.strictEqual(pattern.source, new RegExp(source, "u").source)
    }
    assert.strictEqual(TypeScript.pattern("^a+$"), "/^a+$/u")
    assert.strictEqual(render(TypeScript.pattern("a/b")), "new RegExp(\"a/b\", \"u\")")
  })
})
