import { createHash } from "node:crypto"
import * as fs from "node:fs"
import * as path from "node:path"
import type { Workspace } from "./cargo.ts"

/**
 * A hash over all files that a build depends on, and over what else is given.
 *
 * @internal
 */
export const hashOf = (workspace: Workspace, others: ReadonlyArray<string>): string => {
  const hash = createHash("sha256")
  for (const other of others) hash.update(`${other}\0`)
  const files = new Set<string>()
  for (const name of ["Cargo.toml", "Cargo.lock", path.join(".cargo", "config.toml")]) {
    files.add(path.join(workspace.root, name))
  }
  const skipped = new Set([workspace.target, path.join(workspace.root, "native", "dist")])
  for (const { folder, local } of workspace.packages) {
    if (local) collect(folder, skipped, files)
  }
  for (const file of Array.from(files).sort()) {
    if (!fs.existsSync(file)) continue
    const content = fs.readFileSync(file)
    hash.update(`${path.relative(workspace.root, file)}\0${content.length}\0`)
    hash.update(content)
  }
  return hash.digest("hex")
}

/**
 * A hash over the crates that come from elsewhere, such as opbus's own in `node_modules`; `undefined` when there are none.
 *
 * @internal
 */
export const hashOfPackages = (workspace: Workspace): string | undefined => {
  const packages = foreign(workspace)
  return packages.length === 0 ? undefined : hashOf({ ...workspace, packages }, [])
}

/**
 * The crates that are on this machine, but not of this workspace.
 *
 * @internal
 */
export const foreign = ({ packages }: Workspace): Workspace["packages"] =>
  packages.filter(({ local, member }) => local && !member)

const collect = (folder: string, skipped: ReadonlySet<string>, files: Set<string>): void => {
  for (const entry of fs.readdirSync(folder, { withFileTypes: true })) {
    const file = path.join(folder, entry.name)
    if (entry.isDirectory()) {
      if (!skipped.has(file) && entry.name !== "node_modules" && entry.name !== "target") collect(file, skipped, files)
    } else if (entry.isFile()) {
      files.add(file)
    }
  }
}
