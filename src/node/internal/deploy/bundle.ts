import * as Effect from "effect/Effect"
import type { BuildFailure, Metafile, Plugin } from "esbuild"
import * as fs from "node:fs"
import { createRequire } from "node:module"
import * as path from "node:path"
import { fileURLToPath } from "node:url"
import { gzipSync } from "node:zlib"
import type { Deployable } from "../../../remote/Deployable.ts"
import { fileOf } from "./app.ts"
import { DeployError, firstLine } from "./failure.ts"
import { languageOf, markPure } from "./pure.ts"
import { compileSchemas } from "./schemas.ts"

/** @internal */
export type Target = "workerd" | "cloudflare" | "node"

/** @internal */
export interface BundleOptions {
  readonly app: string
  readonly target: Target
  readonly deployables: ReadonlyArray<Deployable>
  readonly secret: string
  readonly minify: boolean
  /** Compile schemas ahead of time. */
  readonly compile: boolean
}

/** @internal */
export interface Bundle {
  readonly code: Uint8Array
  readonly gzip: number
  /** What it is made of, relative to the working directory, with bytes. */
  readonly modules: ReadonlyArray<readonly [file: string, bytes: number]>
}

/** The running code decides: from sources, everything that is bundled comes from sources too. */
const fromSource = import.meta.url.endsWith(".ts")
const ownFile = (name: string) =>
  fileURLToPath(new URL(`../../../${name}.${fromSource ? "ts" : "js"}`, import.meta.url))

const conditions: { readonly [target in Target]: ReadonlyArray<string> } = {
  workerd: ["workerd", "worker", "browser"],
  cloudflare: ["workerd", "worker", "browser"],
  node: ["node"]
}

/** The module whose default export is the worker, of exactly the handlers that are asked for. */
const entryOf = ({ compile, deployables, secret, target }: BundleOptions): string => {
  const lines: Array<string> = [
    `import * as Layer from "effect/Layer"`,
    `import { make } from ${JSON.stringify(ownFile("remote/EdgeWorker"))}`
  ]
  const handlers = new Set<string>()
  const imported = new Map<string, string>()
  const importOf = (file: string, name: string): string => {
    const id = `${file}\n${name}`
    const known = imported.get(id)
    if (known !== undefined) return known
    const local = `m${imported.size}`
    imported.set(id, local)
    lines.push(`import { ${JSON.stringify(name)} as ${local} } from ${JSON.stringify(file)}`)
    return local
  }
  deployables.forEach(({ handler, layers }, i) => {
    const local = importOf(fileOf(handler)!, handler.export ?? "default")
    const needed = layers.map((layer) => importOf(fileOf(layer)!, layer.export ?? "default"))
    handlers.add(needed.length === 0 ? local : `Layer.provide(${local}, [${needed.join(", ")}])`)
    if (compile) lines.push(`import { prepare as p${i} } from "opbus-schemas:${i}"`)
  })
  const prepared = deployables.map(({ operation }, i) => `[${JSON.stringify(operation.key)}, p${i}]`)
  const options = [
    `expose: ${JSON.stringify(deployables.map(({ operation }) => operation.key))}`,
    `secret: ${JSON.stringify(secret)}`,
    ...(target === "cloudflare" ? [] : ["loopback: true"]),
    ...(compile ? ["prepare: (operation) => prepared.get(operation.key)?.(operation)"] : [])
  ]
  return [
    ...lines,
    ...(compile ? [`const prepared = new Map([${prepared.join(", ")}])`] : []),
    `const worker = make(${handlers.size === 1 ? [...handlers][0] : `Layer.mergeAll(${[...handlers].join(", ")})`}, {`,
    `  ${options.join(",\n  ")}`,
    `})`,
    ...(target === "node"
      ? [`import { serve } from ${JSON.stringify(ownFile("node/internal/deploy/nodeServer"))}`, `serve(worker)`]
      : [`export default worker`])
  ].join("\n")
}

const tools = Effect.tryPromise({
  try: async () => ({ build: (await import("esbuild")).build, parse: (await import("oxc-parser")).parseSync }),
  catch: (cause) =>
    new DeployError({
      reason: "MissingTool",
      message: "deploying needs esbuild and oxc-parser; install them beside opbus: npm install -D esbuild oxc-parser",
      cause
    })
})

/** @internal */
export const bundle = Effect.fnUntraced(function*(options: BundleOptions): Effect.fn.Return<Bundle, DeployError> {
  const { build, parse } = yield* tools
  const { deployables, minify, target } = options
  const folder = path.dirname(path.resolve(options.app))
  const schemas: Plugin = {
    name: "opbus-schemas",
    setup: ({ onLoad, onResolve }) => {
      onResolve({ filter: /^opbus-schemas:/ }, ({ path }) => ({ path, namespace: "opbus-schemas" }))
      onLoad({ filter: /.*/, namespace: "opbus-schemas" }, ({ path }) => ({
        contents: compileSchemas(
          deployables[Number(path.slice(path.indexOf(":") + 1))]!.operation,
          ownFile("remote/internal/deploy/targets")
        ),
        loader: "js",
        resolveDir: folder
      }))
    }
  }
  const definitions: Plugin = {
    name: "opbus-definitions",
    setup: ({ onLoad }) =>
      onLoad({ filter: /\.[cm]?[jt]sx?$/, namespace: "file" }, async ({ path: file }) => {
        if (file.includes(`${path.sep}node_modules${path.sep}`)) return undefined
        const contents = markPure(parse as never, file, await fs.promises.readFile(file, "utf8"))
        return { contents, loader: languageOf(file) }
      })
  }
  const built = yield* Effect.tryPromise({
    try: () =>
      build({
        stdin: { contents: entryOf(options), resolveDir: folder, sourcefile: "opbus-worker.js", loader: "js" },
        absWorkingDir: folder,
        bundle: true,
        format: "esm",
        minify,
        legalComments: "none",
        platform: target === "node" ? "node" : "browser",
        target: target === "node" ? "node22" : "es2024",
        mainFields: ["module", "main"],
        // Effect would tie each fiber to its request, and one that waits for a lane is resumed from another request.
        define: target === "node" ? {} : { "globalThis.process": "undefined" },
        conditions: [...(fromSource ? ["opbus-source"] : []), ...conditions[target]],
        write: false,
        metafile: true,
        logLevel: "silent",
        outdir: "out",
        plugins: [schemas, definitions]
      }),
    catch: (cause) => new DeployError({ reason: "Bundle", message: problemOf(cause, options), cause })
  })
  const code = built.outputFiles[0]!.contents
  return { code, gzip: gzipSync(code, { level: 9 }).length, modules: modulesOf(built.metafile, folder) }
})

const modulesOf = (metafile: Metafile, folder: string): Bundle["modules"] =>
  Object.values(metafile.outputs).flatMap(({ inputs }) => Object.entries(inputs))
    .filter(([, { bytesInOutput }]) => bytesInOutput > 0)
    .map(([file, { bytesInOutput }]): readonly [string, number] => [
      path.relative(process.cwd(), path.resolve(folder, file)),
      bytesInOutput
    ])
    .toSorted((a, b) => b[1] - a[1])

/** The bundler's first complaint in our words. */
const problemOf = (cause: unknown, { deployables, target }: BundleOptions): string => {
  const error = (cause as BuildFailure).errors?.[0]
  if (error === undefined) return `the worker could not be bundled: ${firstLine(cause)}`
  const { location, text } = error
  const where = location === null || location.file === "opbus-worker.js"
    ? ""
    : ` (${location.file}:${location.line})`
  const unresolved = /^Could not resolve "([^"]+)"/.exec(text)?.[1]
  if (
    unresolved !== undefined &&
    (unresolved.startsWith("node:") ||
      createRequire(import.meta.url)("node:module").builtinModules.includes(unresolved))
  ) {
    return `the handler needs ${unresolved}${where}, which ${target} does not have; use --target node, or move what needs it out of the handler's file`
  }
  const missing = /^No matching export in "([^"]+)" for import "([^"]+)"/.exec(text)
  if (missing !== null && where === "") {
    const keys = deployables.map(({ operation }) => operation.key).join(", ")
    return `${missing[1]} has no export "${
      missing[2]
    }", which the deployables of ${keys} name; correct the export in Deployable.make`
  }
  return `the worker could not be bundled: ${text}${where}`
}
