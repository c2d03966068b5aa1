/**
 * Completes package-lock.json: `node scripts/lockfile.ts`, after `npm install`.
 *
 * `npm install` leaves out of the lockfile what it cannot find: a registry mirror may carry the binaries of a tool for its
 * own platform only. `npm ci` then refuses the lockfile. The entries are added here from what the tools declare; nothing
 * is downloaded for a platform that is not the machine's own. A test says so when an entry is missing.
 */
import { readFile, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { root } from "./shared/command.ts"

interface Package {
  readonly version: string
  readonly optionalDependencies?: Record<string, string>
  readonly dev?: boolean
}

const path = join(root, "package-lock.json")
const lock = JSON.parse(await readFile(path, "utf8")) as { packages: Record<string, Package> }

const systems = new Set(["aix", "android", "darwin", "freebsd", "linux", "netbsd", "openbsd", "openharmony", "win32"])
const processors = new Set(["arm", "arm64", "ia32", "loong64", "ppc64", "riscv64", "s390x", "x64"])
const libraries: ReadonlyMap<string, string> = new Map([
  ["gnu", "glibc"],
  ["glibc", "glibc"],
  ["gnueabihf", "glibc"],
  ["musl", "musl"],
  ["musleabihf", "musl"]
])

/** What some names say instead, for example `@cloudflare/workerd-windows-64` and `@img/sharp-linuxmusl-x64`. */
const other: ReadonlyMap<string, string> = new Map([["64", "x64"], ["windows", "win32"], ["linuxmusl", "linux musl"]])

/** The entry of a binary whose name says its platform, for example `@oxlint/binding-linux-x64-musl`. */
const entryOf = (name: string, version: string, dev: boolean): Package => {
  const words = name.split(/[/-]/).flatMap((word) => (other.get(word) ?? word).split(" "))
  const os = words.filter((word) => systems.has(word))
  const cpu = words.filter((word) => processors.has(word))
  const libc = words.flatMap((word) => libraries.get(word) ?? [])
  if (os.length !== 1 || cpu.length !== 1 || !/^\d+\.\d+\.\d+/.test(version)) {
    throw new Error(`${name}@${version} is missing in package-lock.json, and its platform is not in its name`)
  }
  return {
    version,
    cpu,
    ...(dev ? { dev } : {}),
    ...(libc.length === 0 ? {} : { libc }),
    license: "MIT",
    optional: true,
    os
  } as Package
}

let added = 0
for (const [parent, { dev = false, optionalDependencies = {} }] of Object.entries(lock.packages)) {
  for (const [name, version] of Object.entries(optionalDependencies)) {
    if (lock.packages[`node_modules/${name}`] ?? lock.packages[`${parent}/node_modules/${name}`]) continue
    lock.packages[`node_modules/${name}`] = entryOf(name, version, dev)
    added += 1
  }
}

const [first, ...others] = Object.entries(lock.packages)
lock.packages = Object.fromEntries([first!, ...others.sort(([a], [b]) => a.localeCompare(b, "en"))])
await writeFile(path, `${JSON.stringify(lock, null, 2)}\n`)
console.log(`${added} entries added.`)
