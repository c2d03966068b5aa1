import type { Analysis } from "../analysis.ts"
import { type AnyNode, argumentsOf, type Ast, bare, property, walk } from "../ast.ts"
import { constantOf, stringOf } from "../constants.ts"
import type { Module } from "../module.ts"
import { foreignOf, isLibrary } from "../names.ts"
import type { Project } from "../project.ts"

/** A service that the code defines. */
export interface FoundService {
  readonly name: string
  readonly managed: boolean
  readonly module: Module
  readonly node: AnyNode
  /** All of its TypeScript is in this folder. */
  readonly folder: string
}

/** Finds `ServiceDefinition.make({ name, traits, … })`. */
export const findServices = ({ project }: Analysis): ReadonlyArray<FoundService> => {
  const found: Array<FoundService> = []
  for (const path of project.roots) {
    const module = project.modules.get(path)!
    walk(module.program, (node) => {
      if (node.type !== "CallExpression") return
      const call = node as Ast.CallExpression
      if (call.callee.type === "Super" || foreignOf(project, module, call.callee) !== "opbus:ServiceDefinition.make") {
        return
      }
      const argument = argumentsOf(call)[0]
      const props = argument === undefined ? undefined : bare(argument)
      if (props?.type !== "ObjectExpression") return
      const traits = property(props, "traits")
      const listed = traits === undefined ? undefined : constantOf(project, module, traits)?.value
      found.push({
        name: stringOf(project, module, property(props, "name")) ?? path,
        managed: Array.isArray(listed) && listed.includes("ManagedService"),
        module,
        node,
        folder: path.slice(0, path.lastIndexOf("/") + 1)
      })
    })
  }
  return found
}

/** A file that acquires something and is no part of a service. */
export interface Owner {
  readonly module: Module
  readonly node: AnyNode
  readonly what: string
}

/** Finds what owns resources outside of services: the first acquisition of each file. */
export const findOwners = (
  { project }: Analysis,
  services: ReadonlyArray<FoundService>
): ReadonlyArray<Owner> =>
  project.roots.flatMap((path): ReadonlyArray<Owner> => {
    if (isLibrary(project, path) || services.some(({ folder }) => path.startsWith(folder))) return []
    const module = project.modules.get(path)!
    let first: Owner | undefined
    walk(module.program, (node) => {
      if (first !== undefined) return false
      const what = acquisition(project, module, node)
      if (what !== undefined) first = { module, node, what }
      return
    })
    return first === undefined ? [] : [first]
  })

/** Calls that give a handle which somebody has to give back. */
const acquiring: ReadonlyArray<readonly [pattern: RegExp, what: string]> = [
  [/^effect:Effect\.acquireRelease(Interruptible|Exit)?$/, "acquires a resource"],
  [/^effect:(Effect|Scope)\.addFinalizer(Exit)?$/, "adds a finalizer for what it holds"],
  [/^effect:(Pool|RcRef|RcMap|ScopedCache|LayerMap|KeyedPool)\.(make|makeWithTTL)$/, "keeps a pool of resources"],
  [/^effect:FileSystem\.open$/, "opens files"],
  [/^opbus:LibsqlClient\.(make|layer)/, "opens a database"],
  [/^(node:)?sqlite:(DatabaseSync)$/, "opens a database"],
  [/^node:sqlite:?.*DatabaseSync$/, "opens a database"],
  [/^(@libsql\/client|better-sqlite3|pg|mysql2|ioredis|redis|mongodb):/, "opens a connection"],
  [/^node:(worker_threads):?\.?Worker$/, "starts a worker"],
  [/^node:(fs|fs\/promises):?\.?(open|openSync|createReadStream|createWriteStream|watch)$/, "opens a file"],
  [
    /^node:(net|http|https|http2|tls|dgram):?\.?(createServer|createSocket|connect|createConnection)$/,
    "opens a socket"
  ],
  [/^node:child_process:?\.?(spawn|fork|exec|execFile)$/, "starts a process"]
]

const globalClasses = new Set(["Worker", "SharedWorker", "WebSocket", "EventSource", "BroadcastChannel"])

const acquisition = (project: Project, module: Module, node: AnyNode): string | undefined => {
  if (node.type !== "CallExpression" && node.type !== "NewExpression") return undefined
  const { callee } = node as Ast.CallExpression | Ast.NewExpression
  if (callee.type === "Super") return undefined
  const target = bare(callee)
  const name = foreignOf(project, module, target)
  if (name === undefined) {
    const isGlobal = node.type === "NewExpression" && target.type === "Identifier" && globalClasses.has(target.name) &&
      !module.values.has(target.name) && !module.imports.has(target.name)
    return isGlobal ? `makes a ${target.name}` : undefined
  }
  return acquiring.find(([pattern]) => pattern.test(name))?.[1]
}

/** How an implementation answers `heal`. */
export interface FoundHeal {
  readonly path: string
  readonly line: number
  readonly column: number
  readonly constant: boolean
}

/** Finds the implementations of a service in TypeScript: objects with `health` and `heal`. */
export const findHeals = ({ project }: Analysis, { folder }: FoundService): ReadonlyArray<FoundHeal> => {
  const found: Array<FoundHeal> = []
  for (const path of project.roots) {
    if (!path.startsWith(folder)) continue
    const module = project.modules.get(path)!
    walk(module.program, (node) => {
      if (node.type !== "ObjectExpression") return
      const object = node as Ast.ObjectExpression
      const heal = property(object, "heal")
      if (heal === undefined || property(object, "health") === undefined) return
      found.push({ path, ...module.position(heal.start), constant: isConstant(project, module, heal) })
    })
  }
  return found
}

/** `Effect.succeed(true)`, `Effect.sync(() => true)`, and functions that return those. */
const isConstant = (project: Project, module: Module, expression: Ast.Expression, hops = 0): boolean => {
  const node = bare(expression)
  if (hops > 16) return false
  if (constantOf(project, module, node) !== undefined) return true
  switch (node.type) {
    case "ArrowFunctionExpression":
    case "FunctionExpression": {
      const { body } = node
      if (body === null) return false
      if (body.type !== "BlockStatement") return isConstant(project, module, body as Ast.Expression, hops + 1)
      const [only, ...others] = body.body
      return others.length === 0 && only?.type === "ReturnStatement" && only.argument !== null &&
        isConstant(project, module, only.argument, hops + 1)
    }
    case "Identifier": {
      const init = module.values.get(node.name)?.init
      return init !== undefined && isConstant(project, module, init, hops + 1)
    }
    case "CallExpression": {
      const name = node.callee.type === "Super" ? undefined : foreignOf(project, module, node.callee)
      const [first] = argumentsOf(node)
      return name !== undefined && /^effect:Effect\.(succeed|sync|fail|die|suspend)$/.test(name) &&
        (first === undefined || isConstant(project, module, first, hops + 1))
    }
    case "MemberExpression": {
      const name = foreignOf(project, module, node)
      return name === "effect:Effect.void" || name === "effect:Effect.never"
    }
  }
  return false
}
