/**
 * Reads the `url` of a client's configuration.
 *
 * @since 0.1.0
 */

/**
 * Where a database is.
 */
export type Target =
  | { readonly _tag: "Memory" }
  | { readonly _tag: "File"; readonly path: string }
  | { readonly _tag: "Remote"; readonly url: string }
  | { readonly _tag: "Invalid"; readonly message: string }

const invalid = (message: string): Target => ({ _tag: "Invalid", message })

/**
 * Parses a URL or a plain path. The message for one that cannot be used is a
 * single line, and holds no credentials.
 *
 * @category constructors
 * @since 0.1.0
 */
export const parse = (url: string): Target => {
  if (url === "" || url === "file:") return invalid(`the database url is empty: give a path, or ":memory:"`)
  if (url.includes("\0")) return invalid("the database url holds a NUL character: give a path or a URL")
  if (url === ":memory:" || url === "file::memory:") return { _tag: "Memory" }
  const scheme = /^([a-z][a-z0-9+.-]+):/i.exec(url)?.[1]?.toLowerCase()
  switch (scheme) {
    // a single letter before the colon is a drive
    case undefined:
      return { _tag: "File", path: url }
    case "file":
      return parseFile(url.slice("file:".length))
    case "libsql":
    case "http":
    case "https":
    case "ws":
    case "wss":
      return { _tag: "Remote", url }
    default:
      return invalid(`a database url cannot start with "${scheme}:": use file:, libsql:, https:, http:, wss: or ws:`)
  }
}

const parseFile = (rest: string): Target => {
  const match = /^(?:\/\/([^/]*))?([^?#]*)([?#].*)?$/.exec(rest)!
  const [, host, path, query] = match
  if (host !== undefined && host !== "" && host.toLowerCase() !== "localhost") {
    return invalid(`a file url has no host, and "${host}" is one: write file:/absolute/path or file:relative/path`)
  }
  if (query !== undefined) {
    return invalid(`a file url takes no query or fragment: write ? as %3F and # as %23, or give a plain path`)
  }
  try {
    const decoded = decodeURIComponent(path!)
    return decoded.includes("\0") ? invalid("the file url holds a NUL character") : { _tag: "File", path: decoded }
  } catch {
    return invalid("the file url is not well encoded: write % as %25, or give a plain path")
  }
}

/**
 * Returns a remote URL without what may be secret in it.
 *
 * @category converting
 * @since 0.1.0
 */
export const withoutSecrets = (url: string): string => url.replace(/\/\/[^/@]*@/, "//").replace(/[?#].*$/, "")
