import { spawn } from "node:child_process"
import { existsSync } from "node:fs"
import { mkdtemp, readFile, rm, symlink } from "node:fs/promises"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { basename, join } from "node:path"
import { createGzip } from "node:zlib"
import { root } from "./command.ts"

interface Locked {
  readonly version: string
  readonly link?: boolean
}

/** What a registry says about a version, and the lockfile knows. */
const told = [
  "version",
  "dependencies",
  "optionalDependencies",
  "peerDependencies",
  "peerDependenciesMeta",
  "bin",
  "engines",
  "os",
  "cpu",
  "libc",
  "hasInstallScript"
] as const

interface Installed {
  readonly folder: string
  readonly locked: Locked
}

/** The packages of this repository by name and version, also those that are for other machines. */
const installed = async (): Promise<ReadonlyMap<string, ReadonlyMap<string, Installed>>> => {
  const lock = JSON.parse(await readFile(join(root, "package-lock.json"), "utf8")) as {
    readonly packages: Readonly<Record<string, Locked>>
  }
  const all = new Map<string, Map<string, Installed>>()
  for (const [path, locked] of Object.entries(lock.packages)) {
    const name = path.split("node_modules/").at(-1)!
    if (path === "" || locked.link === true) continue
    const versions = all.get(name) ?? new Map<string, Installed>()
    all.set(name, versions.set(locked.version, { folder: join(root, path), locked }))
  }
  return all
}

/** The tarball of a package, as quick as it can be made: without source maps. */
const tarball = async (folder: string): Promise<Buffer> => {
  const temporary = await mkdtemp(join(tmpdir(), "opbus-registry-"))
  try {
    await symlink(folder, join(temporary, "package"))
    const args = [
      "-c",
      "-h",
      "-f",
      "-",
      "-C",
      temporary,
      "--exclude",
      "package/node_modules",
      "--exclude",
      "*.map",
      "package"
    ]
    const tar = spawn("tar", args, { stdio: ["ignore", "pipe", "inherit"] })
    return Buffer.concat(await Array.fromAsync(tar.stdout.pipe(createGzip({ level: 1 })) as AsyncIterable<Buffer>))
  } finally {
    await rm(temporary, { recursive: true, force: true })
  }
}

export interface Registry {
  readonly url: string
  /** Addresses that it was asked for and does not have. */
  readonly missing: ReadonlyArray<string>
  readonly close: () => void
}

/**
 * A registry of npm on this machine, that has what is installed in this repository and nothing else: so that what a user does
 * can be done for real, `npm ci` included, and nothing is downloaded.
 */
export const serveRegistry = async (): Promise<Registry> => {
  const packages = await installed()
  const missing: Array<string> = []
  const server = createServer((request, response) => {
    const path = decodeURIComponent(request.url ?? "/").slice(1)
    const [name, file] = path.split("/-/") as [string, string | undefined]
    const versions = packages.get(name)
    const nothing = () => {
      missing.push(path)
      response.writeHead(404, { "content-type": "application/json" }).end("{}")
    }
    if (versions === undefined) return nothing()
    if (file === undefined) {
      const latest = packages.get(name)!.keys().next().value
      const described = Array.from(versions, ([version, { locked }]) => {
        const fields = told.flatMap((field) => field in locked ? [[field, locked[field as keyof Locked]]] : [])
        const dist = { tarball: `${url}/${name}/-/${basename(name)}-${version}.tgz` }
        return [version, { name, ...Object.fromEntries(fields), dist }]
      })
      const body = { name, "dist-tags": { latest }, versions: Object.fromEntries(described) }
      response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(body))
      return
    }
    const found = versions.get(file.slice(`${basename(name)}-`.length, -".tgz".length))
    if (found === undefined || !existsSync(found.folder)) return nothing()
    tarball(found.folder).then(
      (bytes) => response.writeHead(200, { "content-type": "application/octet-stream" }).end(bytes),
      (error: Error) => response.writeHead(500).end(error.message)
    )
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return { url, missing, close: () => void server.close().closeAllConnections() }
}
