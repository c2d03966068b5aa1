import type { Server } from "./serving.ts"

/** Calls an operation as another program would: what a test needs to be there before it begins. */
export const call = async (server: Server, key: string, input: unknown, actor?: string): Promise<any> => {
  const response = await fetch(`${server.url}/rpc/${encodeURIComponent(key)}`, {
    method: "POST",
    headers: { "content-type": "application/json", ...(actor === undefined ? undefined : { "opbus-actor": actor }) },
    body: JSON.stringify(input)
  })
  const text = await response.text()
  if (!response.ok) throw new Error(`${key}: ${response.status} ${text}`)
  return text === "" ? undefined : JSON.parse(text)
}
