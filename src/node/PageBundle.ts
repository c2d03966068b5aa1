/**
 * Bundles a page for browsers when a server starts.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import { bundlePage, type PageBundleError } from "./internal/serving/bundlePage.ts"
import * as StaticSite from "./StaticSite.ts"

export { PageBundleError } from "./internal/serving/bundlePage.ts"

/**
 * What to bundle.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options extends Omit<StaticSite.Options, "spa"> {
  /** The module that the page runs; it may be `.tsx`, and import `.css` and pictures. */
  readonly entry: string
  readonly title: string
  /** Of the page's text. Default `"en"`. */
  readonly lang?: string | undefined
  readonly description?: string | undefined
  /** Default `true`. */
  readonly minify?: boolean | undefined
  /** Serves a source map too. Default `false`. */
  readonly sourcemap?: boolean | undefined
  /** Expressions to put in the place of names, for example `{ "MY_VERSION": "\"1\"" }`. */
  readonly define?: Readonly<Record<string, string>> | undefined
  /** Answers unknown addresses with the page. Default `false`. */
  readonly spa?: boolean | undefined
  /** A folder for what took long to bundle, to be found by the next start. Default: nothing is kept. */
  readonly cache?: string | undefined
}

/**
 * Bundles a page: its modules and styles, with names that change with their contents, and an `index.html` with
 * `<div id="root">`.
 *
 * **When to use**
 *
 * Use where the page's sources are there when the server starts, with `esbuild` installed. A page that was built before is
 * served with `StaticSite.fromDirectory`.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (options: Options): Effect.Effect<StaticSite.StaticSite, PageBundleError> =>
  Effect.map(
    bundlePage({ ...options, base: (options.path ?? "/").replace(/\/+$/, "") }),
    (files) =>
      StaticSite.make(files, {
        path: options.path,
        spa: options.spa,
        contentSecurityPolicy: options.contentSecurityPolicy,
        headers: options.headers
      })
  )
