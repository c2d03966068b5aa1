/**
 * A set of files that is served below a path.
 *
 * @since 0.1.0
 */
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import { serve, type Served } from "./internal/serving/files.ts"
import { readFolder } from "./internal/serving/folder.ts"

/**
 * One file.
 *
 * @category models
 * @since 0.1.0
 */
export interface File {
  /** Below the path of the site, such as `"index.html"` or `"assets/main.js"`. */
  readonly name: string
  readonly contents: string | Uint8Array
  /** Default: by the ending of the name. */
  readonly type?: string | undefined
  /** The name changes with the contents, so that a browser need not ask again. Default: by the form of the name. */
  readonly immutable?: boolean | undefined
}

/**
 * How a site is served.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /** Where. Default `"/"`. */
  readonly path?: string | undefined
  /** Answers unknown addresses without an ending with `index.html`, for a page that reads its address. Default `false`. */
  readonly spa?: boolean | undefined
  /**
   * The content security policy; `false` sends none. Default `StaticSite.contentSecurityPolicy`: only what the site itself
   * serves.
   */
  readonly contentSecurityPolicy?: string | false | undefined
  /** Further headers, and others in the place of the default ones; names in lower case. `""` leaves one out. */
  readonly headers?: Readonly<Record<string, string>> | undefined
}

/**
 * Files in memory, and how they are served.
 *
 * **When to use**
 *
 * Use as an option of `OperationHttpServer`: `OperationHttpServer.layer({ port: 4400, sites: [site] })`. A page that is
 * bundled when the server starts comes from `PageBundle.make`.
 *
 * **Details**
 *
 * Answers `GET` and `HEAD`. Only names that are in the set are found, whatever an address says; nothing is read from disk
 * when a request comes. Files have an `etag`, and text is compressed for those who ask.
 *
 * @category models
 * @since 0.1.0
 */
export interface StaticSite {
  /** Without a slash at its end; `""` is everything. */
  readonly path: string
  readonly spa: boolean
  /** By name. */
  readonly files: ReadonlyMap<string, Served>
  readonly headers: Readonly<Record<string, string>>
}

/**
 * A folder cannot be served.
 *
 * @category errors
 * @since 0.1.0
 */
export class StaticSiteError extends Data.TaggedError("StaticSiteError")<{
  readonly folder: string
  /** One line. */
  readonly message: string
  readonly cause?: unknown
}> {}

/**
 * The content security policy of sites that give none: nothing but what the site itself serves, no inline scripts or
 * styles, in no frame.
 *
 * @category constants
 * @since 0.1.0
 */
export const contentSecurityPolicy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

const defaultHeaders: Readonly<Record<string, string>> = {
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin"
}

/**
 * Makes a site of files.
 *
 * **Details**
 *
 * Throws a `TypeError` when a path or a name is no relative address, or a name is there twice: mistakes in the program text.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (files: ReadonlyArray<File>, options: Options = {}): StaticSite => {
  const path = pathOf(options.path ?? "/")
  const served = new Map<string, Served>()
  for (const file of files) {
    if (file.name === "" || file.name.split("/").some((part) => part === "" || part === "." || part === "..")) {
      throw new TypeError(`StaticSite: ${JSON.stringify(file.name)} is no name of a file below the site.`)
    }
    if (served.has(file.name)) throw new TypeError(`StaticSite: ${JSON.stringify(file.name)} is there twice.`)
    served.set(file.name, serve(file))
  }
  const policy = options.contentSecurityPolicy ?? contentSecurityPolicy
  const headers = Object.entries({
    ...(policy === false ? {} : { "content-security-policy": policy }),
    ...defaultHeaders,
    ...options.headers
  })
  return {
    path,
    spa: options.spa ?? false,
    files: served,
    headers: Object.fromEntries(headers.filter(([, value]) => value !== ""))
  }
}

/**
 * Reads a folder into memory.
 *
 * **Details**
 *
 * Files and folders whose names begin with a dot are left out, and so are links: what is outside of the folder is never
 * served. At most 10,000 files and 256 MiB.
 *
 * @category constructors
 * @since 0.1.0
 */
export const fromDirectory = (folder: string, options: Options = {}): Effect.Effect<StaticSite, StaticSiteError> =>
  Effect.tryPromise({
    try: async () => make(await readFolder(folder), options),
    catch: (cause) =>
      new StaticSiteError({
        folder,
        message: `${folder} cannot be served: ${cause instanceof Error ? cause.message.split("\n")[0] : String(cause)}`,
        cause
      })
  })

const pathOf = (path: string): string => {
  const bare = path.replace(/\/+$/, "")
  if (bare !== "" && !/^(?:\/[A-Za-z0-9._~-]+)+$/.test(bare)) {
    throw new TypeError(`StaticSite: the path ${JSON.stringify(path)} has to be like "/docs".`)
  }
  return bare
}
