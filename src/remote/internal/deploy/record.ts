import type { Deployment } from "../../DeploymentRegistry.ts"

/** How long the JSON of one deployment's schemas may be. */
const schemaLimit = 1_000_000

/**
 * Why a deployment is not fit to be recorded, in a few words.
 *
 * @internal
 */
export const problemOf = (deployment: Deployment): string | undefined => {
  const { deployedAt, deployedFunctionId, endpoint, error, input, key, output, version } = deployment
  if (typeof key !== "string" || key === "" || key.length > 1_000) return "its key is empty or too long"
  if (!Number.isSafeInteger(version) || version < 0) return "its version is no whole number"
  if (typeof deployedFunctionId !== "string" || deployedFunctionId === "") return "it has no deployedFunctionId"
  if (!Number.isFinite(deployedAt)) return "it has no time"
  if (!isEndpoint(endpoint)) return "its endpoint is no http or https URL without credentials"
  return JSON.stringify([input, output, error]).length > schemaLimit ? "its schemas are too large" : undefined
}

/** Credentials in a URL would end up in every log. */
const isEndpoint = (endpoint: unknown): boolean => {
  if (typeof endpoint !== "string" || !URL.canParse(endpoint)) return false
  const { password, protocol, username } = new URL(endpoint)
  return /^https?:$/.test(protocol) && username === "" && password === ""
}
