import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as fs from "node:fs"
import * as path from "node:path"
import { PageBundle, type StaticSite } from "opbus/node"

/** In the repository, so that the packages of pages are found. */
const folder = Effect.acquireRelease(
  Effect.sync(() => {
    const folder = path.join(
      import.meta.dirname,
      "..",
      "..",
      "node_modules",
      ".cache",
      "opbus-test",
      `page-${process.pid}-${Math.random()}`
    )
    fs.mkdirSync(folder, { recursive: true })
    return folder
  }),
  (folder) => Effect.sync(() => fs.rmSync(folder, { recursive: true, force: true }))
)

const write = (folder: string, files: Readonly<Record<string, string>>) => {
  for (const [name, text] of Object.entries(files)) fs.writeFileSync(path.join(folder, name), text)
}

const textOf = (site: StaticSite.StaticSite, name: string) => Buffer.from(site.files.get(name)!.contents).toString()

const hello = {
  "main.tsx": `
import { createRoot } from "react-dom/client"
import "./style.css"
import picture from "./dot.svg"
declare const GREETING: string
createRoot(document.getElementById("root")!).render(<p title={picture}>{GREETING}</p>)
`,
  "style.css": "p { color: red; background: url(./dot.svg) }",
  "dot.svg": "<svg xmlns=\"http://www.w3.org/2000/svg\"/>"
}

describe("PageBundle", () => {
  it.live(
    "bundles modules, styles and pictures under names that change with them, and writes a page that names them",
    () =>
      Effect.gen(function*() {
        const at = yield* folder
        write(at, hello)
        const site = yield* PageBundle.make({
          entry: path.join(at, "main.tsx"),
          title: "<b>\"Hello\" & co</b>",
          lang: "de",
          path: "/hello",
          define: { GREETING: "\"moin\"" }
        })
        const names = Array.from(site.files.keys()).toSorted()
        assert.strictEqual(names.length, 4)
        assert.match(
          names.join(" "),
          /^assets\/dot-[A-Z2-7]{8}\.svg assets\/main-[A-Z2-7]{8}\.css assets\/main-[A-Z2-7]{8}\.js index\.html$/
        )
        for (const [name, { immutable }] of site.files) assert.strictEqual(immutable, name !== "index.html")
        const [picture, style, script] = names
        const page = textOf(site, "index.html")
        assert.include(page, "<html lang=\"de\">")
        assert.include(page, "<title>&lt;b&gt;&quot;Hello&quot; &amp; co&lt;/b&gt;</title>")
        assert.include(page, `<link rel="stylesheet" href="/hello/${style}">`)
        assert.include(page, `<script type="module" src="/hello/${script}"></script>`)
        assert.include(page, "<div id=\"root\"></div>")
        // Nothing that the content security policy would stop.
        assert.notMatch(page, /<style|style=|<script(?![^>]* src=)/)
        assert.include(textOf(site, style!), `url("/hello/${picture}")`)
        const code = textOf(site, script!)
        assert.include(code, "moin")
        assert.include(code, `/hello/${picture}`)
        assert.notInclude(code, "GREETING")
        assert.notInclude(code, at)
        assert.notInclude(code, "sourceMappingURL")
        // Minified, and React as it is in production.
        assert.isBelow(code.length, 250_000)
      }).pipe(Effect.scoped),
    60_000
  )

  it.live("a mistake in a page is a typed error in one line, with file and line", () =>
    Effect.gen(function*() {
      const at = yield* folder
      write(at, { "main.ts": "const a = 1\nimport './missing.ts'\n", "broken.ts": "let x = 1\n\nlet y = = 2\n" })
      const missing = yield* Effect.flip(PageBundle.make({ entry: path.join(at, "main.ts"), title: "x" }))
      assert.deepStrictEqual([missing._tag, missing.reason], ["PageBundleError", "Bundle"])
      assert.match(
        missing.message,
        /^\S*main\.ts cannot be bundled: Could not resolve "\.\/missing\.ts" \(\S*main\.ts:2\)$/
      )
      const broken = yield* Effect.flip(PageBundle.make({ entry: path.join(at, "broken.ts"), title: "x" }))
      assert.match(broken.message, /^\S*broken\.ts cannot be bundled: Unexpected "=" \(\S*broken\.ts:3\)$/)
      const absent = yield* Effect.flip(PageBundle.make({ entry: path.join(at, "absent.ts"), title: "x" }))
      assert.match(absent.message, /^\S*absent\.ts cannot be bundled: Could not resolve "[^\n]*$/)
      const node = yield* Effect.sync(() => write(at, { "node.ts": "import 'node:fs'\n" })).pipe(
        Effect.andThen(Effect.flip(PageBundle.make({ entry: path.join(at, "node.ts"), title: "x" })))
      )
      assert.match(node.message, /Could not resolve "node:fs" \(\S*node\.ts:1\)$/)
    }).pipe(Effect.scoped))

  it.live("a page can import opbus itself, which comes from where it runs", () =>
    Effect.gen(function*() {
      const at = path.join(import.meta.dirname, "fixtures-page")
      yield* Effect.acquireRelease(
        Effect.sync(() => fs.mkdirSync(at, { recursive: true })),
        () => Effect.sync(() => fs.rmSync(at, { recursive: true, force: true }))
      )
      write(at, {
        "main.ts":
          "import { Operation } from \"opbus/operation\"\nconsole.log(Operation.make({ meta: { key: \"from.page\" } }))\n"
      })
      const site = yield* PageBundle.make({ entry: path.join(at, "main.ts"), title: "x" })
      const script = Array.from(site.files.keys()).find((name) => name.endsWith(".js"))!
      assert.include(textOf(site, script), "from.page")
    }).pipe(Effect.scoped))

  it.live("what took long is found by the next start, until one of its files changes", () =>
    Effect.gen(function*() {
      const at = yield* folder
      write(at, hello)
      const kept = path.join(at, "kept")
      const { readCached, writeCached } = yield* Effect.promise(() =>
        import("../../src/node/internal/serving/bundleCache.ts")
      )
      const file = { name: "a.js", contents: Buffer.from("1"), immutable: true }
      const inputs = [path.join(at, "main.tsx"), path.join(at, "style.css")]
      assert.isUndefined(readCached(kept, "asked"))
      writeCached(kept, "asked", inputs, [file])
      assert.deepStrictEqual(readCached(kept, "asked"), [file])
      assert.isUndefined(readCached(kept, "asked otherwise"))
      write(at, { "style.css": "p { color: blue }" })
      assert.isUndefined(readCached(kept, "asked"))
      writeCached(kept, "asked", inputs, [file])
      const [name] = fs.readdirSync(kept)
      fs.writeFileSync(path.join(kept, name!), "{ half")
      assert.isUndefined(readCached(kept, "asked"))
      fs.rmSync(path.join(at, "style.css"))
      writeCached(kept, "asked", inputs, [file])
      assert.isUndefined(readCached(kept, "asked"))
    }).pipe(Effect.scoped))
})
