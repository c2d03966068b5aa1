import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { onTestFinished } from "vitest"

export const repository = fileURLToPath(new URL("../../../../", import.meta.url))

/** A folder of files that is gone after the test. The packages of this repository are there. */
export const makeProject = (files: { readonly [path: string]: string | object } = {}): string => {
  const root = mkdtempSync(join(tmpdir(), "opbus-spec-"))
  onTestFinished(() => rmSync(root, { recursive: true, force: true }))
  symlinkSync(join(repository, "node_modules"), join(root, "node_modules"))
  put(root, files)
  return root
}

export const put = (root: string, files: { readonly [path: string]: string | object }): void => {
  for (const [path, contents] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), typeof contents === "string" ? contents : `${JSON.stringify(contents, null, 2)}\n`)
  }
}

export const read = (root: string, path: string): string => readFileSync(join(root, path), "utf8")

/** All files but those of packages, with their contents. */
export const snapshot = (root: string): { readonly [path: string]: string } => {
  const found: { [path: string]: string } = {}
  const visit = (folder: string): void => {
    for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
      const path = folder === "" ? entry.name : `${folder}/${entry.name}`
      if (entry.name === "node_modules") continue
      if (entry.isDirectory()) visit(path)
      else found[path] = entry.isSymbolicLink() ? "a link" : read(root, path)
    }
  }
  visit("")
  return found
}

export const paths = (root: string): ReadonlyArray<string> => Object.keys(snapshot(root)).sort()

/** A spec of version 2 with what all of them need. */
export const spec = (name: string, more: object = {}): object => ({
  version: 2,
  name,
  description: `Does ${name}`,
  environment: "server",
  adapter: "server-only",
  params: [{ name: "text", type: "string", maxLength: 100 }],
  results: [{ name: "length", type: "integer" }],
  ...more
})
