import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import * as Deployer from "../../../src/node/Deployer.ts"
import { OperationInvoker } from "../../../src/operation/OperationInvoker.ts"
import { OperationRegistry } from "../../../src/operation/OperationRegistry.ts"
import * as RemoteInvoker from "../../../src/remote/RemoteInvoker.ts"

const fixture = (name: string): string => fileURLToPath(new URL(`fixtures/${name}`, import.meta.url))

const folder = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "opbus-deploy-"))),
  (folder) => Effect.sync(() => rmSync(folder, { recursive: true, force: true }))
)

/** Builds some operations of a fixture into a folder that goes with the scope. */
export const build = (
  app: string,
  operations: ReadonlyArray<string>,
  options: Partial<Deployer.BuildOptions> = {}
) =>
  Effect.flatMap(folder, (out) => Deployer.build({ app: fixture(app), operations, target: "workerd", out, ...options }))

export const codeOf = (built: Deployer.Built): string =>
  readFileSync(join(built.folder, built.target === "node" ? "server.js" : "worker.js"), "utf8")

/** Sets variables of the environment until the scope closes. */
export const environment = (variables: Readonly<Record<string, string>>) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const before = Object.keys(variables).map((name) => [name, process.env[name]] as const)
      Object.assign(process.env, variables)
      return before
    }),
    (before) =>
      Effect.sync(() => {
        for (const [name, value] of before) {
          if (value === undefined) delete process.env[name]
          else process.env[name] = value
        }
      })
  )

/** A caller of one endpoint. */
export const caller = (url: string, headers: Readonly<Record<string, string>> = {}) =>
  OperationInvoker.layer.pipe(
    Layer.provide(OperationRegistry.layer),
    Layer.provideMerge(RemoteInvoker.layerHttp({ url, headers }))
  )

/** One plain JSON call, as with curl. */
export const post = (url: string, body: unknown, headers: Readonly<Record<string, string>> = {}) =>
  Effect.promise(async () => {
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: typeof body === "string" ? body : JSON.stringify(body)
    })
    const text = await response.text()
    return { status: response.status, text, json: () => JSON.parse(text) as any }
  })
