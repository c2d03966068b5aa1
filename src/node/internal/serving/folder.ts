import * as fs from "node:fs/promises"
import * as path from "node:path"

const maxFiles = 10_000
const maxBytes = 256 * 1024 * 1024

/**
 * The files of a folder, by their names below it.
 *
 * @internal
 */
export const readFolder = async (
  folder: string
): Promise<ReadonlyArray<{ readonly name: string; readonly contents: Uint8Array }>> => {
  const files: Array<{ readonly name: string; readonly contents: Uint8Array }> = []
  let bytes = 0
  const read = async (below: string): Promise<void> => {
    const found = await fs.readdir(path.join(folder, below), { withFileTypes: true })
    for (const item of found.toSorted((a, b) => a.name < b.name ? -1 : 1)) {
      if (item.name.startsWith(".")) continue
      const name = below === "" ? item.name : `${below}/${item.name}`
      if (item.isDirectory()) await read(name)
      if (!item.isFile()) continue
      if (files.length >= maxFiles) throw new Error(`it has more than ${maxFiles} files`)
      const contents = await fs.readFile(path.join(folder, name))
      bytes += contents.length
      if (bytes > maxBytes) throw new Error(`it has more than ${maxBytes / 1024 / 1024} MiB`)
      files.push({ name, contents })
    }
  }
  await read("")
  return files
}
