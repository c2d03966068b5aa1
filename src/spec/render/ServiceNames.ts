/**
 * The names of a service and of its commands, the same in every language.
 *
 * @since 0.1.0
 */
import type * as SpecIr from "../SpecIr.ts"
import * as NamingConventions from "./NamingConventions.ts"

/**
 * `"model-pool"` as `ModelPool`.
 *
 * @category names
 * @since 0.1.0
 */
export const pascal = (service: SpecIr.Service): string => NamingConventions.pascal(service.name)

/** What every service has besides its commands, in either language. */
const managed = new Set([
  ..."name kind traits health pressureResponse shedLoad heal shutdown metrics metricPrefix parameters admission".split(
    " "
  ),
  ..."initialize isInitialized emitMetrics getParam setParam listParams admitsAtCritical".split(" "),
  ..."constructor prototype toString valueOf hasOwnProperty then call open managed create".split(" ")
])

/** What a command's name says besides the service's. */
const without = (command: SpecIr.Command, service: SpecIr.Service): string => {
  const prefix = service.commandPrefix
  if (prefix !== undefined && command.name.startsWith(prefix) && command.name.length > prefix.length) {
    return command.name.slice(prefix.length)
  }
  const [first, ...rest] = command.name.split("/")
  return rest.length > 0 && NamingConventions.camel(first!) === NamingConventions.camel(service.name)
    ? rest.join("/")
    : command.name
}

/**
 * The name of a command's function: what its name says besides the service's.
 *
 * **Details**
 *
 * Two commands that would share one are called by their whole names; a command that is called like something that every
 * service has, for example `health`, gets `Command` behind it.
 *
 * @category names
 * @since 0.1.0
 */
export const method = (module: SpecIr.Module, command: SpecIr.Command): string => {
  const short = NamingConventions.camel(without(command, module.service))
  const shared = module.commands.some((other) =>
    other.name !== command.name &&
    NamingConventions.camel(without(other, module.service)).toLowerCase() === short.toLowerCase()
  )
  const name = shared ? NamingConventions.camel(command.name) : short
  const plain = /^[0-9]/u.test(name) ? `_${name}` : name
  return managed.has(plain) ? `${plain}Command` : plain
}
