/**
 * C headers: for services that are written in C, or called from it.
 *
 * @since 0.1.0
 */
import type { GeneratedFile } from "../GeneratedFile.ts"
import type { GeneratorAdapter, GeneratorContext } from "../GeneratorAdapter.ts"
import * as CRenderer from "../render/c/CRenderer.ts"
import * as Declarations from "../render/Declarations.ts"
import * as SpecHash from "../SpecHash.ts"

/** Where the headers go unless `output` of the config says otherwise. */
const folder = (context: GeneratorContext): string => context.config.output.get("c-header") ?? "include"

/**
 * Makes a C11 header of each command: its types, who owns them, and its function.
 *
 * @category adapters
 * @since 0.1.0
 */
export const CHeaderAdapter: GeneratorAdapter = {
  name: "c-header",
  description: "Types and a function in a C header",
  version: 1,
  check: (command) =>
    Declarations.unknown(command).map((name) =>
      `does not know what the type ${name} consists of; declare it in the spec, or use the type json`
    ),
  command: (command, context): ReadonlyArray<GeneratedFile> => [{
    path: `${folder(context)}/${CRenderer.headerName(command)}.h`,
    kind: "generated",
    contents: CRenderer.render(command, context),
    sources: [command.source],
    hash: command.hash
  }],
  project: ({ commands }, context) => [{
    path: `${folder(context)}/opbus.h`,
    kind: "generated",
    contents: CRenderer.support,
    sources: commands.map((command) => command.source),
    hash: SpecHash.sha256(CRenderer.support)
  }]
}
