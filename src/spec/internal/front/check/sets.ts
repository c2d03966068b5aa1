import type * as SpecIr from "../../../SpecIr.ts"
import { Memory } from "../memory.ts"
import { pascal, pascalOfCommand } from "../names.ts"
import type { Report } from "../scope.ts"
import { placeOfInline, type Subject } from "./world.ts"

/**
 * What only shows when all specs are seen together: names that meet, and services whose commands disagree.
 *
 * @internal
 */
export const checkSets = (subjects: ReadonlyArray<Subject>): void => {
  const byFile = new Map<string, Subject>()
  for (const subject of subjects) {
    const { command } = subject
    const folded = pascalOfCommand(command.name).toLowerCase()
    const other = byFile.get(folded)
    if (other === undefined) byFile.set(folded, subject)
    else if (other.command.name === command.name) {
      subject.report(
        ["name"],
        `${command.name} is the command of ${other.file.source} already: rename one, or delete one of the files`
      )
    } else {
      subject.report(
        ["name"],
        `${command.name} and ${other.command.name} of ${other.file.source} are both named ${
          pascalOfCommand(command.name)
        }: rename one`
      )
    }
  }
  const services = new Map<string, Array<Subject>>()
  for (const subject of subjects) {
    const path = subject.command.service?.path
    if (path === undefined) continue
    const members = services.get(path)
    if (members === undefined) services.set(path, [subject])
    else members.push(subject)
  }
  for (const members of services.values()) checkService(members)
  const names = new Map<string, string>()
  for (const [path, members] of services) {
    const folded = pascal(members[0]!.command.service!.name).toLowerCase()
    const other = names.get(folded)
    if (other === undefined) names.set(folded, path)
    else {members[0]!.report(
        [keyOf(members[0]!), "module"],
        `the services ${other} and ${path} would share their files: rename one`
      )}
  }
}

const keyOf = (subject: Subject): "rust" | "service" => subject.file.spec.rust === undefined ? "service" : "rust"

/** Services whose commands agree. */
const agreed = new Memory<SpecIr.Command, true>()

const checkService = (members: ReadonlyArray<Subject>): void => {
  const commands = members.map(({ command }) => command)
  if (agreed.get(commands[0]!, commands) !== undefined) return
  if (members.length === 1 || !disagree(members)) agreed.set(commands[0]!, commands, true)
}

/** Reports what the commands of a service say differently, and tells whether there is anything. */
const disagree = (members: ReadonlyArray<Subject>): boolean => {
  let found = false
  const [first] = members as readonly [Subject, ...ReadonlyArray<Subject>]
  const { service: expected, adapter } = first.command
  const meanings = new Map<string, readonly [text: string, subject: Subject]>()
  const home = new Set(members.map(({ command }) => command.name))
  for (const subject of members) {
    const { command } = subject
    const report: Report = (...problem) => {
      found = true
      subject.report(...problem)
    }
    const { service } = command
    if (service!.language !== expected!.language) {
      report(
        [keyOf(subject)],
        `${first.file.source} says that ${service!.path} is written in ${
          words[expected!.language]
        }: let both say the same`
      )
    } else if (command.adapter !== adapter) {
      report(
        ["adapter"],
        `${first.file.source} makes ${
          service!.path
        } with the adapter ${adapter}: a service has one adapter, or else a module of its own`
      )
    }
    const prefix = members.find((other) => other.command.service!.commandPrefix !== undefined)
    if (service!.commandPrefix !== undefined && service!.commandPrefix !== prefix!.command.service!.commandPrefix) {
      report(
        [keyOf(subject), "command_prefix"],
        `${prefix!.file.source} says ${JSON.stringify(prefix!.command.service!.commandPrefix)}: let both say the same`
      )
    }
    const claim = (name: string, meaning: object, path: ReadonlyArray<string | number>): void => {
      const text = JSON.stringify(meaning, (_, value) => localized(value, home))
      const known = meanings.get(name)
      if (known === undefined) meanings.set(name, [text, subject])
      else if (known[0] !== text) {
        report(
          path,
          `${
            known[1].file.source
          }, of the same service, says something else of ${name}: let both say the same, declare it once, or rename one`
        )
      }
    }
    for (const declaration of command.declarations) {
      const { recursive: _recursive, ...meaning } = declaration as SpecIr.Struct
      const inline = declaration._tag === "Enum" && declaration.inline
      claim(declaration.name, meaning, inline ? placeOfInline(command, declaration.name) : ["types", declaration.name])
    }
    for (const failure of command.failures) claim(failure.name, failure, ["errors", failure.name])
  }
  return found
}

const words = { rust: "Rust (\"rust\")", typescript: "TypeScript (\"service\")" } as const

/** Within a service it is all the same which of its specs declares a type. */
const localized = (value: any, home: ReadonlySet<string>): unknown =>
  value?._tag === "Ref" && home.has(value.foreign) ? { _tag: "Ref", name: value.name } : value
