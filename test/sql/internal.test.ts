import { assert, describe, it } from "@effect/vitest"
import { classify, type StatementKind } from "../../src/sql/internal/statementKind.ts"
import { parse, withoutSecrets } from "../../src/sql/internal/target.ts"

describe("statementKind", () => {
  const expected: Record<StatementKind, ReadonlyArray<string>> = {
    read: [
      "SELECT 1",
      "  select 1;",
      "-- a comment\n /* and ; another */ SELECT 1",
      "VALUES (1)",
      "EXPLAIN QUERY PLAN DELETE FROM a",
      "WITH a AS (SELECT 1) SELECT * FROM a",
      "SELECT ';' || \";\" || `;` || [;] -- ;\n /* ; */ ;"
    ],
    write: [
      "INSERT INTO a VALUES (1)",
      "REPLACE INTO a VALUES (1)",
      "update a set b = 1",
      "DELETE FROM a",
      "WITH a AS (SELECT 1) INSERT INTO b SELECT * FROM a",
      "CREATE TABLE a (b)",
      "CREATE TRIGGER a AFTER INSERT ON b BEGIN DELETE FROM c; DELETE FROM d; END;",
      "DROP TABLE a",
      "ALTER TABLE a ADD b",
      "REINDEX",
      "ANALYZE"
    ],
    transaction: [
      "BEGIN",
      "begin immediate;",
      "COMMIT",
      "END",
      "ROLLBACK TO a",
      "SAVEPOINT a",
      "RELEASE a",
      ";; BEGIN"
    ],
    session: ["PRAGMA user_version", "VACUUM", "(SELECT 1)", "SELEKT 1"],
    local: ["CREATE TEMP TABLE a (b)", "create temporary view a as select 1", "ATTACH 'a' AS b", "DETACH b"],
    empty: ["", " ", ";", "-- nothing", "/* nothing */ ;; -- at all"],
    several: ["SELECT 1; SELECT 2", "INSERT INTO a VALUES (';'); DELETE FROM a", "BEGIN; COMMIT", "SELECT 1;;x"]
  }
  for (const [kind, texts] of Object.entries(expected)) {
    it(`recognises ${kind}`, () => {
      for (const text of texts) assert.strictEqual(classify(text), kind, text)
    })
  }

  it("takes time in proportion to the text", () => {
    const text = `SELECT '${"';".repeat(50_000)}' ${"/* ; */".repeat(50_000)}`
    const start = performance.now()
    classify(text)
    classify(`${" ".repeat(100_000)}${"-- \n".repeat(100_000)}`)
    assert.isBelow(performance.now() - start, 2000)
  })
})

describe("target", () => {
  it("tells memory, files and servers apart", () => {
    assert.deepStrictEqual(parse(":memory:"), { _tag: "Memory" })
    assert.deepStrictEqual(parse("file::memory:"), { _tag: "Memory" })
    for (
      const [url, path] of [
        ["a.db", "a.db"],
        ["./a b?#%.db", "./a b?#%.db"],
        ["/a/b.db", "/a/b.db"],
        ["C:\\a.db", "C:\\a.db"],
        ["file:a.db", "a.db"],
        ["file:/a.db", "/a.db"],
        ["file:///a%20b.db", "/a b.db"],
        ["file://localhost/a.db", "/a.db"]
      ] as const
    ) assert.deepStrictEqual(parse(url), { _tag: "File", path })
    for (const url of ["libsql://a.io", "https://a.io", "http://a", "wss://a", "WS://a"]) {
      assert.deepStrictEqual(parse(url), { _tag: "Remote", url })
    }
  })

  it("leaves credentials out of what is shown", () => {
    assert.strictEqual(withoutSecrets("libsql://me:secret@a.io/b?authToken=secret#x"), "libsql://a.io/b")
  })
})
