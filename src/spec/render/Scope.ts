/**
 * What the names in a command's types mean while a file is rendered.
 *
 * @since 0.1.0
 */
import type { GeneratorContext } from "../GeneratorAdapter.ts"
import type * as SpecIr from "../SpecIr.ts"
import type { Imports } from "./ImportRenderer.ts"
import * as Layout from "./Layout.ts"

/**
 * A reference to a named type.
 *
 * @category models
 * @since 0.1.0
 */
export type Ref = Extract<SpecIr.Type, { readonly _tag: "Ref" }>

/**
 * Looks up the types of one command, and imports those that live elsewhere.
 *
 * @category models
 * @since 0.1.0
 */
export class Scope {
  readonly imports: Imports
  private readonly context: GeneratorContext
  private readonly positions: ReadonlyMap<string, number>
  private readonly declarations: ReadonlyArray<SpecIr.Declaration>
  private readonly transformed = new Map<SpecIr.Declaration, boolean>()

  constructor(declarations: ReadonlyArray<SpecIr.Declaration>, imports: Imports, context: GeneratorContext) {
    this.declarations = declarations
    this.imports = imports
    this.context = context
    this.positions = new Map(declarations.map((declaration, index) => [declaration.name, index]))
  }

  /** What a name stands for, where that is known. */
  declaration(ref: Ref): SpecIr.Declaration | undefined {
    if (ref.external !== undefined) {
      return ref.external.declaration
    }
    return ref.foreign === undefined
      ? this.declarations[this.positions.get(ref.name) ?? -1]
      : this.context.command(ref.foreign)?.declarations.find((declaration) => declaration.name === ref.name)
  }

  /** The name to write, imported when it lives in another file. */
  reference(ref: Ref): string {
    if (ref.external?.typescript !== undefined) {
      return this.imports.external(ref.external.typescript, ref.name)
    }
    if (ref.foreign !== undefined) {
      return this.imports.local(Layout.commandFile(ref.foreign, this.context.config, "ts"), ref.name)
    }
    return ref.name
  }

  /** Tells whether a name is only declared after the declaration that uses it, or is the same. */
  isForward(ref: Ref, within: SpecIr.Declaration | undefined): boolean {
    if (within === undefined || ref.foreign !== undefined || ref.external !== undefined) {
      return false
    }
    const here = this.positions.get(within.name)
    const there = this.positions.get(ref.name)
    return here !== undefined && there !== undefined && there >= here
  }

  /** The type behind aliases and `| null`: what constraints are about. */
  base(type: SpecIr.Type): SpecIr.Type {
    const seen = new Set<SpecIr.Declaration>()
    let base = type
    for (;;) {
      if (base._tag === "Nullable") {
        base = base.inner
        continue
      }
      const declaration = base._tag === "Ref" ? this.declaration(base) : undefined
      if (declaration?._tag !== "Alias" || seen.has(declaration)) {
        return base
      }
      seen.add(declaration)
      base = declaration.type
    }
  }

  /** Tells whether the encoded side of a declaration is another type than the decoded one. */
  isTransformed(self: SpecIr.Declaration): boolean {
    const known = this.transformed.get(self)
    if (known !== undefined) {
      return known
    }
    const seen = new Set<SpecIr.Declaration>()
    const found = this.changes(self, seen)
    this.transformed.set(self, found)
    return found
  }

  private changes(self: SpecIr.Declaration, seen: Set<SpecIr.Declaration>): boolean {
    if (seen.has(self)) {
      return false
    }
    seen.add(self)
    const ofFields = (fields: ReadonlyArray<SpecIr.Field>) =>
      fields.some((field) => field.default !== undefined || this.changesType(field.type, seen))
    switch (self._tag) {
      case "Struct":
        return ofFields(self.fields)
      case "Union":
        return self.variants.some((variant) => ofFields(variant.fields))
      case "Alias":
        return this.changesType(self.type, seen)
      case "Enum":
        return false
    }
  }

  private changesType(type: SpecIr.Type, seen: Set<SpecIr.Declaration>): boolean {
    switch (type._tag) {
      case "Primitive":
        return type.name === "int64" || type.name === "uint64" || type.name === "bytes" || type.name === "timestamp"
      case "Array":
        return this.changesType(type.item, seen)
      case "Record":
        return this.changesType(type.value, seen)
      case "Nullable":
        return this.changesType(type.inner, seen)
      case "Ref": {
        const declaration = this.declaration(type)
        // What is not known may be anything.
        return declaration === undefined || this.changes(declaration, seen)
      }
    }
  }
}
