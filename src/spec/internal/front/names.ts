/** `"gpu/stats"` → `"GpuStats"`. @internal */
export const pascalOfCommand = (name: string): string => name.split("/").map(pascal).join("")

/** `"model-pool/load"` → `"modelPool.load"`. @internal */
export const keyOfCommand = (name: string): string => name.split("/").map(camel).join(".")

/** `"budgetMb"`, `"budget_mb"` or `"budget-mb"` → `"BudgetMb"`. @internal */
export const pascal = (name: string): string => {
  let text = ""
  for (const word of name.split(/[^A-Za-z0-9]+/)) text += word.charAt(0).toUpperCase() + word.slice(1)
  return text
}

/** `"model-pool"` → `"modelPool"`. @internal */
export const camel = (name: string): string => {
  const text = pascal(name)
  return text.charAt(0).toLowerCase() + text.slice(1)
}

/** `"modules/model-pool"` → `"model-pool"`. @internal */
export const serviceName = (path: string): string => path.slice(path.lastIndexOf("/") + 1)

/** Compares by code units, the same on every machine. @internal */
export const byName = (a: string, b: string): number => a < b ? -1 : a > b ? 1 : 0
