import * as Effect from "effect/Effect"
import * as fs from "node:fs"
import * as path from "node:path"
import { fileURLToPath, pathToFileURL } from "node:url"
import { suggest } from "../../../operation/internal/suggest.ts"
import { type Deployable, isDeployable, type ModuleExport } from "../../../remote/Deployable.ts"
import { DeployError, firstLine } from "./failure.ts"

const refuse = (reason: DeployError["reason"], message: string, cause?: unknown) =>
  Effect.fail(new DeployError({ reason, message, cause }))

const howTo =
  "export const deployables = [Deployable.make(AnalyzeText, { handler: new URL(\"./analyzeText.ts\", import.meta.url) })]"

/**
 * What of the application is to be deployed. The module is imported, nothing of it is run.
 *
 * @internal
 */
export const loadDeployables = Effect.fnUntraced(function*(
  app: string,
  keys: ReadonlyArray<string>
): Effect.fn.Return<ReadonlyArray<Deployable>, DeployError> {
  const file = path.resolve(app)
  if (!fs.statSync(file, { throwIfNoEntry: false })?.isFile()) {
    return yield* refuse("InvalidApp", `there is no file ${app} in ${process.cwd()}; check the path`)
  }
  const exports = yield* Effect.tryPromise({
    try: () => import(pathToFileURL(file).href) as Promise<{ readonly deployables?: unknown }>,
    catch: (cause) =>
      new DeployError({
        reason: "InvalidApp",
        message: `${app} could not be imported: ${firstLine(cause)}; correct the module`,
        cause
      })
  })
  const { deployables } = exports
  if (deployables === undefined) {
    const names = Object.keys(exports)
    const found = names.length === 0 ? "nothing" : `only ${names.slice(0, 5).join(", ")}`
    return yield* refuse("InvalidApp", `${app} exports no "deployables", ${found}; add: ${howTo}`)
  }
  const list: ReadonlyArray<unknown> = Array.isArray(deployables) ? deployables : []
  if (list.length === 0 || !list.every(isDeployable)) {
    return yield* refuse("InvalidApp", `the "deployables" of ${app} are no list of Deployable.make(…); write: ${howTo}`)
  }
  const known = new Map<string, Deployable>()
  for (const deployable of list) {
    const { key } = deployable.operation
    if (known.has(key)) {
      return yield* refuse("InvalidApp", `the "deployables" of ${app} have ${key} twice; keep one of them`)
    }
    known.set(key, deployable)
  }
  if (keys.length === 0) {
    return yield* refuse("UnknownOperation", `which operations? ${app} can deploy ${[...known.keys()].join(", ")}`)
  }
  return yield* Effect.forEach(new Set(keys), (key) => {
    const deployable = known.get(key)
    if (deployable !== undefined) return checkFiles(app, deployable)
    const suggestions = suggest(key, known.keys())
    const hint = suggestions.length > 0
      ? `did you mean ${suggestions.join(" or ")}?`
      : `it has ${[...known.keys()].slice(0, 10).join(", ")}`
    return refuse("UnknownOperation", `${app} cannot deploy ${key}: it is none of its deployables; ${hint}`)
  })
})

const checkFiles = (app: string, deployable: Deployable) => {
  for (const one of [deployable.handler, ...deployable.layers]) {
    const file = fileOf(one)
    if (file === undefined || !fs.statSync(file, { throwIfNoEntry: false })?.isFile()) {
      return refuse(
        "InvalidApp",
        `the file ${
          file ?? String(one.module)
        } of ${deployable.operation.key} is not there; correct it in the deployables of ${app}`
      )
    }
  }
  return Effect.succeed(deployable)
}

/** @internal */
export const fileOf = ({ module }: ModuleExport): string | undefined => {
  const text = String(module)
  if (text.startsWith("file:")) return fileURLToPath(text)
  return /^[a-z]{2,}:/.test(text) ? undefined : path.resolve(text)
}
