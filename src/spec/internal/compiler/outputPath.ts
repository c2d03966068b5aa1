import type { GeneratedFile } from "../../GeneratedFile.ts"

const maxLength = 1024

/**
 * What keeps something that an adapter gave from being a file of the project.
 *
 * @internal
 */
export const flaw = (file: GeneratedFile): string | undefined => {
  if (typeof file !== "object" || file === null || typeof file.path !== "string" || typeof file.contents !== "string") {
    return "gave something that is no file: it needs the texts `path` and `contents`"
  }
  const shown = JSON.stringify(file.path.slice(0, 200))
  if (file.kind !== "generated" && file.kind !== "once") {
    return `gave ${shown} without a \`kind\`: "generated" or "once"`
  }
  if (!Array.isArray(file.sources) || typeof file.hash !== "string") {
    return `gave ${shown} without \`sources\` or \`hash\``
  }
  return isInside(file.path)
    ? undefined
    : `wants to write ${shown}; a path is relative to the project's root, has forward slashes, and stays inside it`
}

/** Windows takes a colon for a drive or a stream. */
const hasForbidden = (path: string): boolean => {
  for (let index = 0; index < path.length; index++) {
    const unit = path.charCodeAt(index)
    if (unit < 0x20 || unit === 0x7f || unit === 0x5c || unit === 0x3a) return true
  }
  return false
}

/**
 * Tells whether a path names something below the project's root, whatever the system.
 *
 * @internal
 */
export const isInside = (path: string): boolean =>
  path.length <= maxLength && path.isWellFormed() && !hasForbidden(path) &&
  path.split("/").every((segment) =>
    segment !== "" && segment !== "." && segment !== ".." && segment.toLowerCase() !== ".git"
  )
