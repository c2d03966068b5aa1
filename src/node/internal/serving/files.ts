import { createHash } from "node:crypto"
import { gzipSync } from "node:zlib"

/**
 * A file as it is sent.
 *
 * @internal
 */
export interface Served {
  readonly type: string
  readonly contents: Uint8Array
  readonly etag: string
  readonly immutable: boolean
  /** Made when it is first asked for; `undefined`: it would not be smaller. */
  readonly gzipped: () => Uint8Array | undefined
}

const types = new Map([
  ["html", "text/html; charset=utf-8"],
  ["js", "text/javascript; charset=utf-8"],
  ["mjs", "text/javascript; charset=utf-8"],
  ["css", "text/css; charset=utf-8"],
  ["json", "application/json"],
  ["map", "application/json"],
  ["webmanifest", "application/manifest+json"],
  ["txt", "text/plain; charset=utf-8"],
  ["md", "text/markdown; charset=utf-8"],
  ["xml", "application/xml"],
  ["svg", "image/svg+xml"],
  ["png", "image/png"],
  ["jpg", "image/jpeg"],
  ["jpeg", "image/jpeg"],
  ["gif", "image/gif"],
  ["webp", "image/webp"],
  ["avif", "image/avif"],
  ["ico", "image/x-icon"],
  ["woff", "font/woff"],
  ["woff2", "font/woff2"],
  ["wasm", "application/wasm"],
  ["pdf", "application/pdf"]
])

const compressible = /^(?:text\/|application\/(?:json|manifest\+json|xml|wasm)|image\/svg)/

/** Smaller ones are not worth the work. */
const compressedFrom = 1024

/** `main-3F2A7QXW.js` as esbuild names it, or a digest in hexadecimal digits. */
const hashed = /[-.](?:[A-Z2-7]{8}|[0-9a-f]{16,})\.[a-z0-9]+$/

/** @internal */
export const serve = (
  { contents, immutable, name, type }: {
    readonly name: string
    readonly contents: string | Uint8Array
    readonly type?: string | undefined
    readonly immutable?: boolean | undefined
  }
): Served => {
  const bytes = typeof contents === "string" ? Buffer.from(contents) : contents
  const ending = name.slice(name.lastIndexOf(".") + 1).toLowerCase()
  const mediaType = type ?? types.get(ending) ?? "application/octet-stream"
  let gzipped: Uint8Array | undefined
  let tried = !compressible.test(mediaType) || bytes.length < compressedFrom
  return {
    type: mediaType,
    contents: bytes,
    etag: createHash("sha256").update(mediaType).update("\0").update(bytes).digest("base64url").slice(0, 22),
    immutable: immutable ?? hashed.test(name),
    gzipped: () => {
      if (!tried) {
        const smaller = gzipSync(bytes)
        if (smaller.length < bytes.length) gzipped = smaller
        tried = true
      }
      return gzipped
    }
  }
}
