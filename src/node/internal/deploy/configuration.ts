import type { Binding } from "../../../remote/Deployable.ts"

/** Which behaviour of the platform the worker was written against. */
const compatibilityDate = "2026-11-01"

type Bindings = ReadonlyMap<string, Binding>

/** What raw workerd cannot give. */
export const unsupported = (bindings: Bindings): ReadonlyArray<readonly [name: string, type: string]> =>
  Array.from(bindings).filter(([, { type }]) => type === "kv" || type === "d1").map(([name, { type }]) => [
    name,
    type === "kv" ? "a KV namespace" : "a D1 database"
  ])

/** Text as Cap'n Proto writes it. */
const quoted = (text: string): string => JSON.stringify(text)

/**
 * The configuration of workerd. Secrets are not in it: they come from the environment in which it starts.
 *
 * @internal
 */
export const workerdConfiguration = (bindings: Bindings): string => {
  const lines = Array.from(bindings).flatMap(([name, binding]) => {
    switch (binding.type) {
      case "secret":
        return [`(name = ${quoted(name)}, fromEnvironment = ${quoted(name)})`]
      case "text":
        return [`(name = ${quoted(name)}, text = ${quoted(binding.value)})`]
      default:
        return []
    }
  })
  return `# Written by opbus deploy. Start: workerd serve workerd.capnp
using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [ (name = "main", worker = .worker) ],
  sockets = [ (name = "http", address = "127.0.0.1:8787", http = (), service = "main") ]
);

const worker :Workerd.Worker = (
  modules = [ (name = "worker.js", esModule = embed "worker.js") ],
  compatibilityDate = ${quoted(compatibilityDate)},
  bindings = [${lines.length === 0 ? "" : `\n    ${lines.join(",\n    ")}\n  `}]
);
`
}

/**
 * The configuration of wrangler. Secrets are named, and set with `wrangler secret put`.
 *
 * @internal
 */
export const wranglerConfiguration = (name: string, bindings: Bindings): string => {
  const of = <Type extends Binding["type"]>(type: Type) =>
    Array.from(bindings).filter((entry): entry is [string, Extract<Binding, { readonly type: Type }>] =>
      entry[1].type === type
    )
  const secrets = of("secret").map(([name]) => name)
  const configuration = {
    name,
    main: "worker.js",
    compatibility_date: compatibilityDate,
    no_bundle: true,
    workers_dev: true,
    vars: Object.fromEntries(of("text").map(([name, { value }]) => [name, value])),
    kv_namespaces: of("kv").map(([name, { id }]) => ({ binding: name, ...(id === undefined ? undefined : { id }) })),
    d1_databases: of("d1").map(([name, { database, id }]) => ({
      binding: name,
      database_name: database ?? name.toLowerCase(),
      ...(id === undefined ? undefined : { database_id: id })
    }))
  }
  const used = Object.fromEntries(
    Object.entries(configuration).filter(([, value]) => typeof value !== "object" || Object.keys(value).length > 0)
  )
  const remark = secrets.length === 0
    ? ""
    : `// Secrets, to be set once: ${secrets.map((name) => `wrangler secret put ${name}`).join("; ")}\n`
  return `// Written by opbus deploy.\n${remark}${JSON.stringify(used, null, 2)}\n`
}
