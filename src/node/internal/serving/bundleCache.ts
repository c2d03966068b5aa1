import { createHash } from "node:crypto"
import * as fs from "node:fs"
import * as path from "node:path"
import type { PageFile } from "./bundlePage.ts"

const digestOf = (contents: string | Uint8Array): string => createHash("sha256").update(contents).digest("hex")

interface Kept {
  readonly asked: string
  /** The files that it was made of, with their digests. */
  readonly inputs: ReadonlyArray<readonly [file: string, digest: string]>
  readonly files: ReadonlyArray<{ readonly name: string; readonly contents: string; readonly immutable: boolean }>
}

/**
 * What was bundled before of the same files, if nothing of them has changed.
 *
 * @internal
 */
export const readCached = (folder: string, asked: string): ReadonlyArray<PageFile> | undefined => {
  try {
    const kept = JSON.parse(fs.readFileSync(fileOf(folder, asked), "utf8")) as Kept
    if (kept.asked !== asked) return undefined
    for (const [file, digest] of kept.inputs) if (digestOf(fs.readFileSync(file)) !== digest) return undefined
    return kept.files.map(({ contents, immutable, name }) => ({
      name,
      contents: Buffer.from(contents, "base64"),
      immutable
    }))
  } catch {
    return undefined
  }
}

/**
 * Keeps a bundle for the next start. That it cannot be kept is no failure.
 *
 * @internal
 */
export const writeCached = (
  folder: string,
  asked: string,
  inputs: ReadonlyArray<string>,
  files: ReadonlyArray<PageFile>
): void => {
  try {
    const kept: Kept = {
      asked,
      inputs: inputs.map((file) => [file, digestOf(fs.readFileSync(file))]),
      files: files.map(({ contents, immutable, name }) => ({
        name,
        contents: Buffer.from(contents).toString("base64"),
        immutable
      }))
    }
    fs.mkdirSync(folder, { recursive: true })
    const file = fileOf(folder, asked)
    const temporary = `${file}.${process.pid}`
    fs.writeFileSync(temporary, JSON.stringify(kept))
    fs.renameSync(temporary, file)
  } catch {
    // The next start bundles again.
  }
}

const fileOf = (folder: string, asked: string): string => path.join(folder, `page-${digestOf(asked).slice(0, 16)}.json`)
