import { assert, describe, it } from "@effect/vitest"
import * as Result from "effect/Result"
import * as TypeGrammar from "opbus/spec/TypeGrammar"

const printed = (text: string): string => {
  const parsed = TypeGrammar.parse(text)
  if (Result.isFailure(parsed)) assert.fail(`${text}: ${parsed.failure.message}`)
  return TypeGrammar.print(parsed.success)
}

const problem = (text: string): string => {
  const parsed = TypeGrammar.parse(text)
  if (Result.isSuccess(parsed)) assert.fail(`${text} is read as ${TypeGrammar.print(parsed.success)}`)
  const { column, message, suggestions } = parsed.failure
  return `${column}: ${message}${suggestions.length === 0 ? "" : ` [${suggestions.join(", ")}]`}`
}

describe("TypeGrammar", () => {
  it("writes each type in one way", () => {
    const table: ReadonlyArray<readonly [text: string, canonical: string]> = [
      ...TypeGrammar.primitives.map((name) => [name, name] as const),
      ["  string  ", "string"],
      ["'a'|\"b\"", "'a' | 'b'"],
      ["| 'a' | 'b'", "'a' | 'b'"],
      ["('a' | 'b') | 'c'", "'a' | 'b' | 'c'"],
      ["'it\\'s' | 'back\\\\slash'", "'it\\'s' | 'back\\\\slash'"],
      ["\"it's\"", "'it\\'s'"],
      ["'a'[]", "'a'[]"],
      ["('a' | 'b')[]", "('a' | 'b')[]"],
      ["Array<string>", "string[]"],
      ["Array<Array<string>>", "string[][]"],
      ["string[][]", "string[][]"],
      ["Array< string | null >", "(string | null)[]"],
      ["null | string", "string | null"],
      ["(string | null) | null", "string | null"],
      ["((string))", "string"],
      ["Record<string,number>", "Record<string, number>"],
      ["Record<string, 'a' | null>[]", "Record<string, 'a' | null>[]"],
      ["Record<string, string[]> | null", "Record<string, string[]> | null"],
      ["SubsystemInfo", "SubsystemInfo"],
      ["search/query.Hit[]", "search/query.Hit[]"],
      ["model-pool/load-all.ModelInfo | null", "model-pool/load-all.ModelInfo | null"],
      ["a/b/c.D", "a/b/c.D"]
    ]
    for (const [text, canonical] of table) {
      assert.strictEqual(printed(text), canonical)
      assert.strictEqual(printed(canonical), canonical)
    }
  })

  it("says where a name stands, so that what it means can be reported there", () => {
    assert.deepStrictEqual(
      TypeGrammar.parse("Array<Hit>"),
      Result.succeed({
        _tag: "Array",
        item: { _tag: "Name", name: "Hit", column: 7 }
      })
    )
  })

  it("names the column of a mistake, and the way out", () => {
    const table: ReadonlyArray<readonly [text: string, message: string]> = [
      ["", "1: expected a type, found the end of the type"],
      ["string |", "9: expected a type, found the end of the type"],
      ["string]", "7: expected the end of the type, found \"]\""],
      ["string[", "8: expected \"]\", found the end of the type"],
      ["(string", "8: expected \")\", found the end of the type"],
      ["Array<string", "13: expected \">\", found the end of the type"],
      ["string number", "8: expected the end of the type, found \"number\""],
      ["any", "1: any is not known here: write json"],
      ["Array<unknown>", "7: unknown is not known here: write json"],
      ["bigint", "1: bigint is not known here: write int64 or uint64"],
      ["string | Date", "10: Date is not known here: write timestamp"],
      ["string | undefined", "10: undefined is not known here: write \"optional\": true beside the type"],
      [
        "string | number",
        "10: a choice between types needs a name and a field that tells them apart: declare a union in \"types\""
      ],
      [
        "'a' | string",
        "7: a choice between types needs a name and a field that tells them apart: declare a union in \"types\""
      ],
      [
        "A | B",
        "5: a choice between types needs a name and a field that tells them apart: declare a union in \"types\""
      ],
      ["'a' | 'b' | 'a'", "13: \"a\" stands twice in this choice"],
      ["null", "5: null alone is no type: write T | null, or leave the field out"],
      ["Array<null>", "7: null alone is no type: write T | null"],
      ["{ a: string }", "1: objects have no place in a type: declare a struct in \"types\" and write its name"],
      ["[string, number]", "1: tuples are not known: declare a struct in \"types\" and write its name"],
      ["() => void", "4: a function cannot cross to another language: declare a command"],
      ["()", "1: a function cannot cross to another language: declare a command"],
      ["1 | 2", "1: numbers are no types: write number or int32, with \"minimum\" and \"maximum\" beside the type"],
      ["`a${string}`", "1: template literals are not known: write string, with a \"pattern\" beside the type"],
      ["string?", "7: \"?\" has no meaning here: write \"optional\": true beside the type"],
      ["a: string", "2: \":\" has no meaning here: the description and the name stand beside the type"],
      [">", "1: expected a type, found \">\""],
      ["null[]", "5: an array of null holds nothing: write integer, how many there are"],
      ["A & B", "3: intersections are not known: declare a struct with all fields in \"types\""],
      ["Map<string, A>", "1: Map<…> is not known here: write Record<string, T>"],
      ["Aray<string>", "1: Aray<…> is not known here: declare a type in \"types\" [Array]"],
      ["Record<number, string>", "8: the keys of a record are strings: write Record<string, T>"],
      ["Record<string>", "14: expected \",\", found \">\""],
      ["Array", "1: write T[]"],
      ["search/query", "1: search/query names a spec: write search/query.Name for one of its types"],
      ["some-name", "1: \"some-name\" is no name of a type: write it like SearchResult"],
      ["'open", "1: the string that starts here is not closed"],
      ["string;", "7: \";\" has no meaning in a type"]
    ]
    for (const [text, message] of table) assert.strictEqual(problem(text), message, text)
  })

  it("refuses what is too long or too deep instead of running out of stack", () => {
    assert.match(problem("(".repeat(17) + "string" + ")".repeat(17)), /^18: the type is nested deeper than 16 levels/)
    assert.match(problem("string" + "[]".repeat(17)), /nested deeper than 16 levels/)
    assert.match(problem("Array<".repeat(600) + "string"), /nested deeper/)
    assert.match(problem("(".repeat(1_000_000)), /^4097: the type is longer than 4096 characters/)
    assert.strictEqual(printed("string" + "[]".repeat(16)), "string" + "[]".repeat(16))
  })
})
