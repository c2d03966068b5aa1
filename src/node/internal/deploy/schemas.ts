import * as SchemaAOTCompiler from "effect/schema/SchemaAOTCompiler"
import type * as SchemaAST from "effect/SchemaAST"
import type * as Operation from "../../../operation/Operation.ts"
import { shapeOf, targetsOf } from "../../../remote/internal/deploy/targets.ts"

/**
 * The code that checks an operation's schemas, as the source of a module. What it exports is given the definition before
 * its handler is registered.
 *
 * @internal
 */
export const compileSchemas = (operation: Operation.Any, targetsModule: string): string => {
  const targets = targetsOf(operation)
  const merged = new Map<SchemaAST.AST, Set<"decode" | "is">>()
  for (const { ast, operations } of targets) {
    const known = merged.get(ast) ?? new Set()
    for (const one of operations) known.add(one)
    merged.set(ast, known)
  }
  const source = SchemaAOTCompiler.compile(targets.map(({ ast }) => ({ ast, operations: [...merged.get(ast)!] })))
  return [
    `import { shapeOf, targetsOf } from ${JSON.stringify(targetsModule)}`,
    source,
    `export const prepare = (operation) => {`,
    `  const targets = targetsOf(operation)`,
    // Attached to other schemas the code would check the wrong fields; the interpreter is slower but right.
    `  if (shapeOf(targets) !== ${shapeOf(targets)}) return`,
    `  install(targets.map((target) => target.ast))`,
    `}`
  ].join("\n")
}
