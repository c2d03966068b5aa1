import { assert, describe, it } from "@effect/vitest"
import { decode } from "@jridgewell/sourcemap-codec"
import { annotatePure, shiftMap } from "../../scripts/shared/pure.ts"

const annotated = (code: string) => annotatePure("module.js", code).code.replaceAll("/*#__PURE__*/", "§")

describe("the build", () => {
  it("marks the calls that run while a module loads and whose value is kept", () => {
    assert.strictEqual(annotated("export const a = f(g(1), new H());"), "export const a = § f(§ g(1), § new H());")
    assert.strictEqual(annotated("export default f();"), "export default § f();")
    assert.strictEqual(annotated("class A extends B()(\"a\") {}"), "class A extends § B()(\"a\") {}")
    assert.strictEqual(annotated("class A { static layer = f(); }"), "class A { static layer = § f(); }")
    assert.strictEqual(annotated("const a = f(1).pipe(g());"), "const a = § f(1).pipe(§ g());")
  })

  it("leaves alone what is there for its effect, and what runs later", () => {
    for (
      const code of [
        "enable();",
        "if (a) enable();",
        "const f = () => g();",
        "class A { m() { return f(); } }",
        "class A { static { enable(); } }",
        "export function f() { return g(new H()); }"
      ]
    ) assert.strictEqual(annotated(code), code)
  })

  it("moves the columns of the source map with the code", () => {
    const code = "const a = f(g());\nconst b = 1;"
    const map = JSON.stringify({ version: 3, sources: ["a.ts"], names: [], mappings: "AAAA,UAAY,EAAE;AACd" })
    const { mappings } = JSON.parse(shiftMap(map, code, annotatePure("a.js", code).offsets))
    const mark = "/*#__PURE__*/ ".length
    assert.deepStrictEqual(decode(mappings).map((line) => line.map(([column]) => column)), [[
      0,
      10 + mark,
      12 + 2 * mark
    ], [0]])
  })
})
