/**
 * The imports at the top of a generated TypeScript file: collected while it is rendered, written sorted.
 *
 * @since 0.1.0
 */
import type { ResolvedConfig } from "../GeneratorConfig.ts"
import * as Layout from "./Layout.ts"

/** What a file wants from one module. */
interface Wanted {
  namespace: { readonly name: string; type: boolean } | undefined
  readonly names: Map<string, boolean>
}

/**
 * Whether an import is needed at run time or by types only.
 *
 * @category models
 * @since 0.1.0
 */
export type Use = "value" | "type"

/**
 * Collects the imports of one generated file. Every method gives back the name to write.
 *
 * **When to use**
 *
 * Use one for each file, ask for what an expression needs at the place that writes the expression, and `render` last.
 *
 * @category models
 * @since 0.1.0
 */
export class Imports {
  private readonly modules = new Map<string, Wanted>()
  private readonly from: string
  private readonly config: ResolvedConfig

  /** `from` is the file's path, relative to the project's root. */
  constructor(from: string, config: ResolvedConfig) {
    this.from = from
    this.config = config
  }

  /** A module of Effect under its own name: `effect("Schema")`. */
  effect(module: string, use: Use = "value"): string {
    return this.namespace(`effect/${module}`, module, use)
  }

  /** A module of opbus under its own name: `runtime("operation/Operation")`. */
  runtime(module: string, use: Use = "value"): string {
    return this.namespace(this.runtimeModule(module), module.slice(module.lastIndexOf("/") + 1), use)
  }

  /** Something that a module of opbus exports: `runtimeName("native/ServiceUnavailable", "ServiceUnavailable")`. */
  runtimeName(module: string, name: string, use: Use = "value"): string {
    return this.name(this.runtimeModule(module), name, use)
  }

  /** Something that another file of the project exports; `path` is relative to the project's root. */
  local(path: string, name: string, use: Use = "value"): string {
    return this.name(Layout.relative(this.from, path), name, use)
  }

  /** Something that a module exports which the config or a spec names: a file of the project when it starts with a dot. */
  external(module: string, name: string, use: Use = "value"): string {
    return module.startsWith("opbus/")
      ? this.runtimeName(module.slice("opbus/".length), name, use)
      : module.startsWith(".")
      ? this.local(module, name, use)
      : this.name(module, name, use)
  }

  /** A whole module under a name. */
  namespace(module: string, name: string, use: Use = "value"): string {
    const wanted = this.wanted(module)
    wanted.namespace = { name, type: use === "type" && wanted.namespace?.type !== false }
    return name
  }

  /** One export of a module. */
  name(module: string, name: string, use: Use = "value"): string {
    const wanted = this.wanted(module)
    wanted.names.set(name, use === "type" && wanted.names.get(name) !== false)
    return name
  }

  /** The import declarations, one a line, in the formatter's order. */
  render(): string {
    return [...this.modules].sort(([a], [b]) => compareModules(a, b)).flatMap(([module, wanted]) => [
      ...(wanted.namespace === undefined ? [] : [
        `import ${wanted.namespace.type ? "type " : ""}* as ${wanted.namespace.name} from ${JSON.stringify(module)}\n`
      ]),
      ...(wanted.names.size === 0 ? [] : [renderNames(module, wanted.names)])
    ]).join("")
  }

  private wanted(module: string): Wanted {
    let wanted = this.modules.get(module)
    if (wanted === undefined) {
      wanted = { namespace: undefined, names: new Map() }
      this.modules.set(module, wanted)
    }
    return wanted
  }

  private runtimeModule(module: string): string {
    const { runtime } = this.config.typescript
    return runtime === "opbus" ? `opbus/${module}` : Layout.relative(this.from, `${runtime}/${module}.ts`)
  }
}

const width = 120

const renderNames = (module: string, names: ReadonlyMap<string, boolean>): string => {
  const sorted = [...names].sort(([a], [b]) => compareText(a, b))
  const types = sorted.every(([, type]) => type)
  const items = sorted.map(([name, type]) => type && !types ? `type ${name}` : name)
  const start = types ? "import type {" : "import {"
  const end = `} from ${JSON.stringify(module)}\n`
  const flat = `${start} ${items.join(", ")} ${end}`
  return flat.length <= width + 1 ? flat : `${start}\n  ${items.join(",\n  ")}\n${end}`
}

/** Packages first, then the folders above, the farthest first, then the folder itself. */
const compareModules = (a: string, b: string): number => {
  const rank = (module: string) =>
    module.startsWith("../") ? 1_000 - module.split("../").length : module.startsWith(".") ? 1_000 : 0
  return rank(a) - rank(b) || compareText(a, b)
}

const compareText = (a: string, b: string): number => {
  const [lowerA, lowerB] = [a.toLowerCase(), b.toLowerCase()]
  return lowerA < lowerB ? -1 : lowerA > lowerB ? 1 : a < b ? -1 : a > b ? 1 : 0
}
