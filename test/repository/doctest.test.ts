import { assert, describe, it } from "@effect/vitest"
import { spawnSync } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assertionsOf, doctestsOf } from "../../scripts/doctest/fences.ts"

const fence = (info: string, ...lines: ReadonlyArray<string>) => [`\`\`\`${info}`, ...lines, "```"].join("\n")

describe("doctest", () => {
  it("makes a module of every ts fence, and of those that continue it", () => {
    const page = [
      "# Page",
      fence("sh", "npm start"),
      fence("ts", "const a = 1"),
      fence("ts continue", "a + 1"),
      fence("ts no-run", "throw a")
    ].join("\n")
    const { doctests, problems } = doctestsOf("page.md", page)
    assert.deepStrictEqual(problems, [])
    assert.deepStrictEqual(doctests.map(({ code, place, run }) => ({ code, line: place.line, run })), [
      { code: "const a = 1\na + 1", line: 5, run: true },
      { code: "throw a", line: 11, run: false }
    ])
    assert.deepStrictEqual(doctests[0]!.lines.map(({ line }) => line), [6, 9])
  })

  it("reads fences inside lists and JSDoc comments without their margin", () => {
    const list = doctestsOf("page.md", "1. first\n\n   ```ts\n   if (true) {\n     1 // => 1\n   }\n   ```")
    assert.strictEqual(list.doctests[0]!.code, "if (true) {\n  1 // => 1\n}")
    const jsdoc =
      " * ```ts import.meta.vitest\n * const a = 1\n *\n * a // => 1\n * ```\n * ```ts\n * not marked\n * ```"
    assert.deepStrictEqual(doctestsOf("src/A.ts", jsdoc).doctests.map(({ code }) => code), ["const a = 1\n\na // => 1"])
  })

  it("refuses a word it does not know, and a fence that continues nothing", () => {
    assert.deepStrictEqual(doctestsOf("page.md", fence("ts continue norun", "1")).problems, [
      { place: { page: "page.md", line: 1 }, message: "\"norun\" is no word of a ts fence" },
      { place: { page: "page.md", line: 1 }, message: "there is no fence to continue" }
    ])
  })

  const assertions = (...lines: ReadonlyArray<string>) =>
    assertionsOf(doctestsOf("page.md", fence("ts", ...lines)).doctests[0]!)

  it("turns expressions, declarations and printed values into assertions, without moving a line", () => {
    const { code } = assertions(
      "f(1) // => 2",
      "const a = [1] // => [1]",
      "console.log(a) // => [1]",
      "function* g() {",
      "  yield* f(3) // => { a: 1,",
      "  //               b: 2 }",
      "}"
    )
    assert.deepStrictEqual(code.split("\n"), [
      "$equal((f(1)), ( 2), \"page.md:2\") // => 2",
      "const a = [1]; $equal(a, ( [1]), \"page.md:3\") // => [1]",
      "console.log($equal((a), ( [1]), \"page.md:4\")) // => [1]",
      "function* g() {",
      "  $equal((yield* f(3)), ( { a: 1, b: 2 }), \"page.md:6\") // => { a: 1,",
      "  //               b: 2 }",
      "}"
    ])
  })

  it("refuses an assertion that belongs to nothing, and one that is no expression", () => {
    assert.deepStrictEqual(
      assertions("// => 1", "f() // => about 3").problems.map(({ message, place }) => [place.line, message]),
      [
        [2, "no expression or declaration ends before this `// =>`"],
        [3, "`about 3` is no expression"]
      ]
    )
  })

  it("fails with page and line for code that does not compile, does not hold, or throws", () => {
    const folder = mkdtempSync(join(tmpdir(), "opbus-doctest-"))
    try {
      const page = join(folder, "page.md")
      writeFileSync(
        page,
        [
          "text",
          fence("ts", "const a: string = 1", "a // => 2"),
          fence("ts", "1 // => 1"),
          fence("ts", "", "throw new Error(\"boom\")"),
          fence("tsx", "const element = <a href=\"#\">1</a>", "element.type // => \"b\"")
        ].join("\n")
      )
      const script = join(import.meta.dirname, "../../scripts/doctest.ts")
      const { status, stdout } = spawnSync(process.execPath, [script, page], { encoding: "utf8" })
      assert.strictEqual(status, 1)
      assert.match(stdout, /page\.md:3: error TS2322/)
      assert.match(stdout, /page\.md:4: expected 2, but it is 1/)
      assert.match(stdout, /Error: boom\n.*page\.md:11/)
      assert.match(stdout, /page\.md:15: expected 'b', but it is 'a'/)
      assert.match(stdout, /\n1 passed, 4 failed\n$/)
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })
})
