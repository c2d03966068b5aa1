/** How much of a bounded amount of memory is in use. */
export interface MemoryUse {
  readonly from: "cgroup2" | "cgroup1" | "meminfo"
  readonly usedBytes: number
  readonly limitBytes: number
}

/** The files of one control group, relative to the root of the file system. */
export interface GroupFiles {
  readonly from: "cgroup2" | "cgroup1"
  readonly limit: string
  readonly used: string
  readonly stat: string
  /** The entry of `stat` that counts the pages which can be taken back at once. */
  readonly reclaimable: string
  readonly pressure: string | undefined
}

const number = (text: string | undefined): number | undefined =>
  text !== undefined && /^\d+$/.test(text.trim()) ? Number(text) : undefined

const entry = (text: string, name: string): number | undefined => {
  for (const line of text.split("\n")) {
    const [key, value] = line.split(/[\s:]+/, 2)
    if (key === name) return number(value)
  }
  return undefined
}

/** A path and all above it; a path that leads out of what is mounted (`/../x`) says nothing about what is inside. */
const ancestors = (path: string): ReadonlyArray<string> => {
  const parts = path.split("/").filter((part) => part !== "")
  if (parts.includes("..")) return [""]
  return Array.from({ length: parts.length + 1 }, (_, index) => parts.slice(0, parts.length - index))
    .map((some) => some.map((part) => `/${part}`).join(""))
}

/**
 * The control groups that may bound this process, from `/proc/self/cgroup`. A group that is not visible from inside a
 * container is simply not there; its mount point then shows the container's own.
 */
export const groupsOf = (text: string): ReadonlyArray<GroupFiles> =>
  text.split("\n").flatMap((line): ReadonlyArray<GroupFiles> => {
    const [id, controllers, ...rest] = line.split(":")
    if (id === undefined || controllers === undefined || rest.length === 0) return []
    const path = rest.join(":")
    if (id === "0" && controllers === "") {
      return ["sys/fs/cgroup", "sys/fs/cgroup/unified"].flatMap((mount) =>
        ancestors(path).map((group) => ({
          from: "cgroup2" as const,
          limit: `${mount}${group}/memory.max`,
          used: `${mount}${group}/memory.current`,
          stat: `${mount}${group}/memory.stat`,
          reclaimable: "inactive_file",
          pressure: `${mount}${group}/memory.pressure`
        }))
      )
    }
    if (!controllers.split(",").includes("memory")) return []
    return ancestors(path).map((group) => ({
      from: "cgroup1" as const,
      limit: `sys/fs/cgroup/memory${group}/memory.limit_in_bytes`,
      used: `sys/fs/cgroup/memory${group}/memory.usage_in_bytes`,
      stat: `sys/fs/cgroup/memory${group}/memory.stat`,
      reclaimable: "total_inactive_file",
      pressure: undefined
    }))
  })

/** What a control group uses, or `undefined` when it has no limit. (Version 1 says that with a number beyond all memory.) */
export const groupUse = (
  group: GroupFiles,
  files: { readonly limit: string; readonly used: string; readonly stat: string | undefined }
): MemoryUse | undefined => {
  const limitBytes = number(files.limit)
  const used = number(files.used)
  if (limitBytes === undefined || used === undefined || limitBytes <= 0) return undefined
  const reclaimable = files.stat === undefined ? 0 : entry(files.stat, group.reclaimable) ?? 0
  return { from: group.from, usedBytes: Math.max(0, used - reclaimable), limitBytes }
}

/** What the machine uses, from `/proc/meminfo`. */
export const machineUse = (text: string): MemoryUse | undefined => {
  const total = entry(text, "MemTotal")
  const available = entry(text, "MemAvailable") ?? entry(text, "MemFree")
  if (total === undefined || available === undefined || total <= 0) return undefined
  return { from: "meminfo", usedBytes: Math.max(0, total - available) * 1024, limitBytes: total * 1024 }
}

/** The share of the last ten seconds, in percent, in which some work waited for memory. */
export const stallOf = (text: string): number | undefined => {
  const found = /^some\b[^\n]*\bavg10=(\d+(?:\.\d+)?)/m.exec(text)
  return found === null ? undefined : Number(found[1])
}
