/**
 * Types and abstract services in Python.
 *
 * @since 0.1.0
 */
import type { GeneratedFile } from "../GeneratedFile.ts"
import type { GeneratorAdapter, GeneratorContext } from "../GeneratorAdapter.ts"
import * as PythonRenderer from "../render/python/PythonRenderer.ts"
import * as PythonService from "../render/python/PythonService.ts"
import * as PythonSupport from "../render/python/PythonSupport.ts"
import * as SpecHash from "../SpecHash.ts"

/** Where the package goes unless `output` of the config says otherwise. */
const folder = (context: GeneratorContext): string => context.config.output.get("python") ?? "python"

/**
 * Makes a Python package: data classes, enums and exceptions of each command with their JSON form, and an abstract class for
 * each service. It needs Python 3.9 and nothing else.
 *
 * @category adapters
 * @since 0.1.0
 */
export const PythonAdapter: GeneratorAdapter = {
  name: "python",
  description: "Types, failures and abstract services in Python",
  version: 1,
  check: PythonRenderer.check,
  command: (command, context): ReadonlyArray<GeneratedFile> => [{
    path: `${folder(context)}/${PythonRenderer.moduleName(command)}.py`,
    kind: "generated",
    contents: PythonRenderer.render(command, context),
    sources: [command.source],
    hash: command.hash
  }],
  project: ({ commands }, context) => {
    const sources = commands.map((command) => command.source)
    const hash = SpecHash.sha256(commands.map((command) => command.hash).join("\n"))
    const file = (name: string, contents: string): GeneratedFile => ({
      path: `${folder(context)}/${name}`,
      kind: "generated",
      contents,
      sources,
      hash
    })
    return [
      file("__init__.py", "\"The types and services of this project's specs.\"\n"),
      file("_opbus.py", PythonSupport.source),
      file("services.py", PythonService.render(commands))
    ]
  }
}
