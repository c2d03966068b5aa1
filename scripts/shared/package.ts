import { mkdir, mkdtemp, readFile, rm, symlink } from "node:fs/promises"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { command, root } from "./command.ts"

/** The manifest of opbus. */
export const manifest = JSON.parse(await readFile(join(root, "package.json"), "utf8")) as {
  readonly version: string
  readonly engines: { readonly node: string }
  readonly exports: Record<string, null | string | Record<string, string>>
  readonly peerDependencies: Record<string, string>
}

/** Runs `use` in a temporary folder that is gone afterwards. */
export const inTemporaryFolder = async <A>(use: (folder: string) => Promise<A>): Promise<A> => {
  const folder = await mkdtemp(join(tmpdir(), "opbus-package-"))
  try {
    return await use(folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Packs the built package into `folder`, without the network. */
export const pack = async (folder: string): Promise<string> => {
  const { code, output, stdout } = await command("npm", [
    "pack",
    "--ignore-scripts",
    "--offline",
    "--json",
    "--pack-destination",
    folder
  ])
  if (code !== 0) throw new Error(`npm pack failed\n${output}`)
  const [packed] = JSON.parse(stdout) as [{ readonly filename: string }]
  return join(folder, packed.filename)
}

/** Puts packages of this repository into the `node_modules` of a project elsewhere. */
export const link = async (project: string, packages: ReadonlyArray<string>): Promise<void> => {
  for (const name of packages) {
    const target = join(project, "node_modules", name)
    await mkdir(dirname(target), { recursive: true })
    await symlink(join(root, "node_modules", name), target)
  }
}
