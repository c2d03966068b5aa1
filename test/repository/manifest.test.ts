import { assert, describe, it } from "@effect/vitest"
import { existsSync, globSync, readFileSync } from "node:fs"
import { join } from "node:path"

const root = join(import.meta.dirname, "../..")
const read = (path: string) => readFileSync(join(root, path), "utf8")
const manifest = JSON.parse(read("package.json"))
const exported = manifest.exports as Record<string, null | string | Record<string, string>>

describe("the manifest", () => {
  it("has an entry for every folder of src with an index, and no other", () => {
    const folders = globSync("src/*/index.ts", { cwd: root }).map((path) => `./${path.split("/")[1]}`)
    const roots = globSync("src/*.ts", { cwd: root }).map((path) => path.slice("src/".length, -".ts".length))
      .filter((name) => /^[a-z]/.test(name)).map((name) => name === "index" ? "." : `./${name}`)
    const entries = Object.keys(exported).filter((entry) =>
      exported[entry] !== null && !entry.includes("*") && entry !== "./package.json"
    )
    assert.deepStrictEqual(entries.sort(), [...folders, ...roots].sort())
  })

  it("leads every entry to its source first, then to its types, then to its code", () => {
    for (const [entry, target] of Object.entries(exported)) {
      if (target === null || typeof target === "string") continue
      const source = target["opbus-source"]!
      const built = source.replace("./src/", "./dist/").replace(/\.ts$/, "")
      assert.deepStrictEqual(
        Object.entries(target),
        [["opbus-source", source], ["types", `${built}.d.ts`], ["default", `${built}.js`]],
        entry
      )
      assert.isTrue(source.includes("*") || existsSync(join(root, source)), source)
    }
  })

  it("keeps every internal folder closed", () => {
    for (const path of globSync("src/**/internal/", { cwd: root })) {
      const folder = `./${path.split("/").slice(1).join("/")}/*`
      const open = Object.keys(exported).filter((entry) =>
        entry.endsWith("/*") && folder.startsWith(entry.slice(0, -1))
      )
      const longest = open.sort((a, b) => b.length - a.length)[0]
      assert.isTrue(longest === undefined || exported[longest] === null, folder)
    }
  })

  it("pins every dependency", () => {
    for (const [name, version] of Object.entries<string>(manifest.devDependencies)) {
      assert.match(version, /^\d+\.\d+\.\d+(-[\w.]+)?$/, name)
    }
    assert.isUndefined(manifest.dependencies)
  })

  it("tests with a version of every peer that its range allows", () => {
    for (const name of Object.keys(manifest.peerDependencies)) {
      assert.property(manifest.devDependencies, name)
      assert.strictEqual(name === "effect", manifest.peerDependenciesMeta[name]?.optional !== true, name)
    }
  })
})

describe("the repository", () => {
  it("names no registry host, so that any mirror works", () => {
    const locks = ["package-lock.json", "scripts/bench/package-lock.json"].filter((path) =>
      existsSync(join(root, path))
    )
    for (const path of [...locks, ".npmrc", "package.json", ".ci/run"]) {
      assert.notMatch(read(path), /"resolved"|registry=|:\/\/registry\./, path)
    }
  })

  it("locks the binaries of every platform (`node scripts/lockfile.ts` adds what a mirror does not carry)", () => {
    const packages = JSON.parse(read("package-lock.json")).packages as Record<string, Record<string, object>>
    const missing = Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
      Object.keys(optionalDependencies).filter((name) =>
        packages[`node_modules/${name}`] === undefined && packages[`${path}/node_modules/${name}`] === undefined
      )
    )
    assert.deepStrictEqual(missing, [])
  })

  it("has one text for whoever works here: CLAUDE.md is AGENTS.md (`npm run format` copies it)", () => {
    assert.strictEqual(read("CLAUDE.md"), read("AGENTS.md"))
  })

  it("knows every path that AGENTS.md speaks of", () => {
    const paths = [...read("AGENTS.md").matchAll(/`((?:src|test|docs|examples|scripts|typetest)\/[\w./-]*)`/g)]
    const missing = paths.map(([, path]) => path!).filter((path) => !existsSync(join(root, path)))
    assert.deepStrictEqual(missing, [])
  })

  it("has a date for every released version in CHANGELOG.md, and the current one first", () => {
    const versions = [...read("CHANGELOG.md").matchAll(/^## (.+)$/gm)].map(([, title]) => title!)
    assert.isTrue(versions[0] === "Unreleased" || versions[0]!.startsWith(manifest.version))
    for (const version of versions.filter((title) => title !== "Unreleased")) {
      assert.match(version, /^\d+\.\d+\.\d+ — \d{4}-\d{2}-\d{2}$/)
    }
  })
})
