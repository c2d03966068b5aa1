/**
 * The function of a command as a member of an interface.
 *
 * @since 0.1.0
 */
import type { Doc } from "../Printer.ts"
import * as Printer from "../Printer.ts"
import * as TypeScript from "../TypeScriptPrinter.ts"

/**
 * Writes `readonly stats: (params: GpuStatsParams) => Effect.Effect<GpuStatsResult, GpuUnavailable>`. The formatter breaks the
 * parameters first, then the type arguments.
 *
 * @category rendering
 * @since 0.1.0
 */
export const render = (name: string, params: string, output: string, types: ReadonlyArray<string>): Doc => {
  const start = `readonly ${TypeScript.key(name)}: (`
  const end = `) => ${output}`
  const flat = `${start}params: ${params}${end}<${types.join(", ")}>`
  return flat.length + 2 <= 120 ? flat : Printer.concat(
    start,
    Printer.indent(Printer.hardline, `params: ${params}`),
    Printer.hardline,
    end,
    Printer.group(
      "<",
      Printer.indent(Printer.softline, Printer.join(Printer.concat(",", Printer.line), types)),
      Printer.softline,
      ">"
    )
  )
}
