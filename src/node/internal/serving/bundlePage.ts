import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import type { BuildFailure, BuildOptions, Metafile } from "esbuild"
import * as path from "node:path"
import type { Options } from "../../PageBundle.ts"
import { readCached, writeCached } from "./bundleCache.ts"

/**
 * A page cannot be bundled.
 *
 * @category errors
 * @since 0.1.0
 */
export class PageBundleError extends Data.TaggedError("PageBundleError")<{
  readonly reason: "MissingTool" | "Bundle"
  /** One line, with file and line where they are known. */
  readonly message: string
  readonly cause?: unknown
}> {}

/** @internal */
export interface PageOptions
  extends Pick<Options, "entry" | "title" | "lang" | "description" | "minify" | "sourcemap" | "define" | "cache">
{
  /** What the addresses of the page's files begin with. */
  readonly base: string
}

/** @internal */
export interface PageFile {
  readonly name: string
  readonly contents: Uint8Array
  readonly immutable: boolean
}

/** The running code decides: from sources, what is bundled comes from sources too. */
const fromSource = import.meta.url.endsWith(".ts")

/** What takes longer is kept for the next start. */
const keptFrom = 500

const esbuild = Effect.tryPromise({
  try: () => import("esbuild"),
  catch: (cause) =>
    new PageBundleError({
      reason: "MissingTool",
      message: "bundling a page needs esbuild; install it beside opbus: npm install esbuild",
      cause
    })
})

/**
 * The files of a page.
 *
 * @internal
 */
export const bundlePage = Effect.fnUntraced(function*(
  options: PageOptions
): Effect.fn.Return<ReadonlyArray<PageFile>, PageBundleError> {
  const entry = path.resolve(options.entry)
  const folder = path.dirname(entry)
  const asked = JSON.stringify([entry, { ...options, cache: "" }, fromSource, process.version])
  if (options.cache !== undefined) {
    const known = readCached(options.cache, asked)
    if (known !== undefined) return known
  }
  const { build } = yield* esbuild
  const start = performance.now()
  const built = yield* Effect.tryPromise({
    try: () => build(settings(options, entry, folder)),
    catch: (cause) => new PageBundleError({ reason: "Bundle", message: problemOf(cause, entry, folder), cause })
  })
  const out = path.join(folder, "out")
  const files = built.outputFiles!.map(({ contents, path: file }): PageFile => ({
    name: path.relative(out, file).replaceAll(path.sep, "/"),
    contents,
    immutable: true
  }))
  files.push({
    name: "index.html",
    contents: Buffer.from(htmlOf(options, namesOf(built.metafile!, folder, entry, out))),
    immutable: false
  })
  if (options.cache !== undefined && performance.now() - start > keptFrom) {
    const inputs = Object.keys(built.metafile!.inputs).filter((file) => !/^[\w-]+:/.test(file))
    writeCached(options.cache, asked, inputs.map((file) => path.resolve(folder, file)), files)
  }
  return files
})

const settings = (
  { base, define, minify = true, sourcemap = false }: PageOptions,
  entry: string,
  folder: string
): BuildOptions => ({
  entryPoints: [entry],
  absWorkingDir: folder,
  outdir: path.join(folder, "out"),
  entryNames: "assets/[name]-[hash]",
  chunkNames: "assets/[name]-[hash]",
  assetNames: "assets/[name]-[hash]",
  publicPath: base === "" ? "/" : `${base}/`,
  bundle: true,
  splitting: true,
  format: "esm",
  platform: "browser",
  target: "es2022",
  jsx: "automatic",
  minify,
  sourcemap: sourcemap ? "linked" : false,
  legalComments: "none",
  mainFields: ["browser", "module", "main"],
  conditions: [...(fromSource ? ["opbus-source"] : []), "browser", "production"],
  define: { "process.env.NODE_ENV": "\"production\"", "globalThis.process": "undefined", ...define },
  loader: Object.fromEntries(
    [".svg", ".png", ".jpg", ".jpeg", ".gif", ".webp", ".avif", ".ico", ".woff", ".woff2"].map((
      ending
    ) => [ending, "file"])
  ),
  write: false,
  metafile: true,
  logLevel: "silent"
})

/** The files that the page begins with. */
const namesOf = ({ outputs }: Metafile, folder: string, entry: string, out: string) => {
  const [script, output] = Object.entries(outputs).find(([, { entryPoint }]) =>
    entryPoint !== undefined && path.resolve(folder, entryPoint) === entry
  )!
  const name = (file: string) => path.relative(out, path.resolve(folder, file)).replaceAll(path.sep, "/")
  return {
    script: name(script),
    style: output.cssBundle === undefined ? undefined : name(output.cssBundle),
    chunks: output.imports.filter(({ kind }) => kind === "import-statement").map(({ path: file }) => name(file))
  }
}

const htmlOf = (
  { base, description, lang = "en", title }: PageOptions,
  { chunks, script, style }: ReturnType<typeof namesOf>
): string =>
  [
    "<!doctype html>",
    `<html lang="${escape(lang)}">`,
    "<head>",
    `<meta charset="utf-8">`,
    `<meta name="viewport" content="width=device-width, initial-scale=1">`,
    `<meta name="color-scheme" content="light dark">`,
    ...(description === undefined ? [] : [`<meta name="description" content="${escape(description)}">`]),
    `<title>${escape(title)}</title>`,
    // Without it browsers ask for a picture that is not there.
    `<link rel="icon" href="data:,">`,
    ...(style === undefined ? [] : [`<link rel="stylesheet" href="${base}/${style}">`]),
    ...chunks.map((chunk) => `<link rel="modulepreload" href="${base}/${chunk}">`),
    `<script type="module" src="${base}/${script}"></script>`,
    "</head>",
    "<body>",
    `<div id="root"></div>`,
    "<noscript>This page needs JavaScript.</noscript>",
    "</body>",
    "</html>",
    ""
  ].join("\n")

const escapes = new Map([["&", "&amp;"], ["<", "&lt;"], [">", "&gt;"], ["\"", "&quot;"]])

const escape = (text: string): string => text.replaceAll(/[&<>"]/g, (character) => escapes.get(character)!)

/** The bundler's first complaint in one line. */
const problemOf = (cause: unknown, entry: string, folder: string): string => {
  const error = (cause as BuildFailure).errors?.[0]
  const what = `${path.relative(process.cwd(), entry)} cannot be bundled`
  if (error === undefined) {
    return `${what}: ${(cause instanceof Error ? cause.message : String(cause)).split("\n")[0]}`
  }
  const { location, text } = error
  if (location === null) return `${what}: ${text}`
  const file = path.relative(process.cwd(), path.resolve(folder, location.file))
  return `${what}: ${text} (${file}:${location.line})`
}
