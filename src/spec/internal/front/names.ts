import * as NamingConventions from "../../render/NamingConventions.ts"

/** `"gpu/stats"` → `"GpuStats"`. @internal */
export const pascalOfCommand = (name: string): string => pascal(name)

/** `"model-pool/load"` → `"modelPool.load"`. @internal */
export const keyOfCommand = NamingConventions.operationKey

/** The same few words come again in every spec of a project, and splitting them is what resolving spends its time on. */
const remembered = (convert: (name: string) => string) => {
  const known = new Map<string, string>()
  return (name: string): string => {
    let converted = known.get(name)
    if (converted === undefined) {
      converted = convert(name)
      if (known.size >= 10_000) known.clear()
      known.set(name, converted)
    }
    return converted
  }
}

/** `"budgetMb"`, `"budget_mb"` or `"budget-mb"` → `"BudgetMb"`. @internal */
export const pascal = remembered(NamingConventions.pascal)

/** `"budgetMb"` → `"budget_mb"`. @internal */
export const snake = remembered(NamingConventions.snake)

/** `"modules/model-pool"` → `"model-pool"`. @internal */
export const serviceName = (path: string): string => path.slice(path.lastIndexOf("/") + 1)

/** Compares by code units, the same on every machine. @internal */
export const byName = (a: string, b: string): number => a < b ? -1 : a > b ? 1 : 0

/** What generated code puts behind the name of a command. @internal */
export const commandSuffixes: ReadonlyArray<string> = [
  "Params",
  "Result",
  "Error",
  "Codec",
  "Server",
  "Browser",
  "Stream"
]

const suffixes = new Set(commandSuffixes)

/** The name of a choice that is written out where it is used: after the command and the parameter. @internal */
export const choiceOf = (command: string, parameter: string): string => {
  const name = pascal(parameter)
  return `${command}${name}${suffixes.has(name) ? "Choice" : ""}`
}
