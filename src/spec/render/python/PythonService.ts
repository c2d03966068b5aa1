/**
 * Services in Python: an abstract class for each, to inherit from.
 *
 * @since 0.1.0
 */
import type * as SpecIr from "../../SpecIr.ts"
import * as NamingConventions from "../NamingConventions.ts"
import * as PythonRenderer from "./PythonRenderer.ts"

/** The commands of a service, or of a folder, belong together. */
const groupOf = (command: SpecIr.Command): string => command.service?.name ?? command.name.split("/")[0]!

const managed = new Set(["health", "shutdown", "invoke", "commands", "name"])

/**
 * The module `services.py`.
 *
 * @category rendering
 * @since 0.1.0
 */
export const render = (commands: ReadonlyArray<SpecIr.Command>): string => {
  const groups = new Map<string, Array<SpecIr.Command>>()
  for (const command of commands) {
    const name = NamingConventions.pascal(groupOf(command))
    const group = groups.get(name)
    if (group === undefined) groups.set(name, [command])
    else group.push(command)
  }
  const modules = commands.map(PythonRenderer.moduleName).toSorted()
  return [
    "\"What services do: inherit from the class of a service and write its methods.\"",
    "",
    "from __future__ import annotations",
    "",
    "import abc",
    "import typing",
    "",
    ...modules.map((name) => `from . import ${name} as _${name}`),
    "",
    ...[...groups].flatMap(([name, group]) => service(name, group))
  ].join("\n")
}

const service = (name: string, commands: ReadonlyArray<SpecIr.Command>): ReadonlyArray<string> => {
  const names = NamingConventions.distinct(
    commands.map((command) => command.name.split("/").slice(1).join("/")),
    "snake",
    "python"
  )
  const methods = commands.map((command) => {
    const method = names.get(command.name.split("/").slice(1).join("/"))!
    return managed.has(method) ? `${method}_` : method
  })
  return [
    "",
    `class ${name}Service(abc.ABC):`,
    `    ${PythonRenderer.string(`The commands of ${name}.`)}`,
    ...commands.flatMap((command, i) => {
      const module = `_${PythonRenderer.moduleName(command)}`
      const result = `${module}.${command.result.name}`
      const raises = command.failures.length === 0
        ? ""
        : ` Raises ${command.failures.map((failure) => failure.name).join(" or ")}.`
      return [
        "",
        "    @abc.abstractmethod",
        `    def ${methods[i]}(self, params: ${module}.${command.params.name}) -> ${
          command.mode === "stream" ? `typing.Iterator[${result}]` : result
        }:`,
        `        ${PythonRenderer.string(`${sentence(command.description, raises)}${raises}`)}`
      ]
    }),
    "",
    "    def invoke(self, key: str, params: typing.Any) -> typing.Any:",
    "        \"Runs a command on JSON: the encoded result, for a stream a list of them. Failures are raised.\"",
    ...commands.flatMap((command, i) => {
      const module = `_${PythonRenderer.moduleName(command)}`
      const call = `self.${methods[i]}(${module}.PARAMS.from_json(params))`
      return [
        `        if key == ${PythonRenderer.string(command.key)}:`,
        command.mode === "stream"
          ? `            return [item.to_json() for item in ${call}]`
          : `            return ${call}.to_json()`
      ]
    }),
    "        raise KeyError(key)",
    ""
  ]
}

/** What more follows is a sentence of its own. */
const sentence = (text: string, more: string): string => more === "" || /[.!?]$/.test(text) ? text : `${text}.`
