import type { ParsedSource } from "../../SourceParser.ts"
import { type AnyNode, type Ast, type Position, positions, programOf } from "./ast.ts"

/** What an import statement binds to a local name. */
export interface Import {
  /** As written: `"effect/Schema"`, `"../model.ts"`. */
  readonly specifier: string
  /** The exported name; `"*"` is the module itself. */
  readonly imported: string
  readonly typeOnly: boolean
}

/** A value that a module declares at its top level. */
export interface ValueDeclaration {
  readonly name: string
  readonly exported: boolean
  /** A `const` has an initialiser; a `let` or `var` never counts as one value. */
  readonly init: Ast.Expression | undefined
  readonly class: Ast.Class | undefined
  /** The statement, or the `export` around it: comments stand before it. */
  readonly statement: AnyNode
}

/** A type that a module declares at its top level. */
export interface TypeDeclaration {
  readonly name: string
  readonly exported: boolean
  readonly node: Ast.TSInterfaceDeclaration | Ast.TSTypeAliasDeclaration | Ast.TSEnumDeclaration
  readonly statement: AnyNode
}

/** Where an exported name comes from. */
export type Export =
  | { readonly _tag: "Local"; readonly name: string }
  | { readonly _tag: "From"; readonly specifier: string; readonly imported: string }

/** A file, with its top-level names. */
export interface Module {
  readonly path: string
  readonly source: ParsedSource
  readonly program: Ast.Program
  readonly imports: ReadonlyMap<string, Import>
  readonly values: ReadonlyMap<string, ValueDeclaration>
  readonly types: ReadonlyMap<string, TypeDeclaration>
  readonly exports: ReadonlyMap<string, Export>
  /** `export * from`. */
  readonly stars: ReadonlyArray<string>
  /** All modules that it names, in import and export statements and in `import()` of a literal. */
  readonly specifiers: ReadonlyArray<string>
  readonly position: (offset: number) => Position
}

/** Collects the top-level names of a file. */
export const makeModule = (source: ParsedSource): Module => {
  const program = programOf(source)
  const imports = new Map<string, Import>()
  const values = new Map<string, ValueDeclaration>()
  const types = new Map<string, TypeDeclaration>()
  const exports = new Map<string, Export>()
  const stars: Array<string> = []
  const specifiers = new Set<string>()

  const declare = (node: Ast.Statement | Ast.Declaration, exported: boolean, statement: AnyNode) => {
    const add = (name: string, init: Ast.Expression | undefined, of: Ast.Class | undefined) => {
      values.set(name, { name, exported, init, class: of, statement })
      if (exported) exports.set(name, { _tag: "Local", name })
    }
    switch (node.type) {
      case "VariableDeclaration":
        for (const { id, init } of node.declarations) {
          if (id.type === "Identifier") add(id.name, node.kind === "const" ? init ?? undefined : undefined, undefined)
        }
        return
      case "ClassDeclaration":
        if (node.id !== null) add(node.id.name, undefined, node)
        return
      case "FunctionDeclaration":
        if (node.id !== null) add(node.id.name, undefined, undefined)
        return
      case "TSInterfaceDeclaration":
      case "TSTypeAliasDeclaration":
      case "TSEnumDeclaration":
        types.set(node.id.name, { name: node.id.name, exported, node, statement })
        if (exported && !exports.has(node.id.name)) exports.set(node.id.name, { _tag: "Local", name: node.id.name })
        return
    }
  }

  for (const statement of program.body) {
    switch (statement.type) {
      case "ImportDeclaration": {
        const specifier = statement.source.value
        specifiers.add(specifier)
        for (const entry of statement.specifiers) {
          const imported = entry.type === "ImportNamespaceSpecifier"
            ? "*"
            : entry.type === "ImportDefaultSpecifier"
            ? "default"
            : moduleName(entry.imported)
          const typeOnly = statement.importKind === "type" ||
            (entry.type === "ImportSpecifier" && entry.importKind === "type")
          imports.set(entry.local.name, { specifier, imported, typeOnly })
        }
        break
      }
      case "ExportAllDeclaration":
        specifiers.add(statement.source.value)
        if (statement.exported === null) stars.push(statement.source.value)
        else {
          const from: Export = { _tag: "From", specifier: statement.source.value, imported: "*" }
          exports.set(moduleName(statement.exported), from)
        }
        break
      case "ExportNamedDeclaration":
        if (statement.source !== null) specifiers.add(statement.source.value)
        if (statement.declaration !== null) declare(statement.declaration, true, statement)
        for (const entry of statement.specifiers) {
          exports.set(
            moduleName(entry.exported),
            statement.source === null
              ? { _tag: "Local", name: moduleName(entry.local) }
              : { _tag: "From", specifier: statement.source.value, imported: moduleName(entry.local) }
          )
        }
        break
      case "ExportDefaultDeclaration": {
        const { declaration } = statement
        if (declaration.type === "ClassDeclaration" && declaration.id !== null) {
          declare(declaration, true, statement)
          exports.set("default", { _tag: "Local", name: declaration.id.name })
        } else if (declaration.type === "Identifier") {
          exports.set("default", { _tag: "Local", name: declaration.name })
        }
        break
      }
      default:
        declare(statement, false, statement)
    }
  }
  // `export { a }` may stand before or after what it names.
  for (const { _tag, name } of [...exports.values()].filter((entry) => entry._tag === "Local")) {
    const value = values.get(name)
    if (_tag === "Local" && value !== undefined && !value.exported) values.set(name, { ...value, exported: true })
    const type = types.get(name)
    if (type !== undefined && !type.exported) types.set(name, { ...type, exported: true })
  }
  return {
    path: source.path,
    source,
    program,
    imports,
    values,
    types,
    exports,
    stars,
    specifiers: [...specifiers],
    position: positions(source.text)
  }
}

const moduleName = (node: Ast.ModuleExportName): string => node.type === "Literal" ? node.value : node.name
