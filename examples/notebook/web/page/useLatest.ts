import { Effect, Stream } from "effect"
import type { Streaming } from "opbus/operation/OperationInvoker"
import { useConnection } from "opbus/react"
import { BusClient } from "opbus/reactivity"
import { useEffect, useState } from "react"
import { usePage } from "./page.ts"

/** The newest element of a stream operation, followed anew when the connection comes back. */
export const useLatest = <Op extends Streaming>(operation: Op, input: Op["input"]["Type"]) => {
  const { bus } = usePage()
  const connected = useConnection() === "connected"
  const [latest, setLatest] = useState<Op["output"]["Type"]>()
  useEffect(() => {
    if (!connected) return
    const controller = new AbortController()
    const following = BusClient.use((client) =>
      Stream.runForEach(client.invokeStream(operation, input), (element) => Effect.sync(() => setLatest(() => element)))
    )
    void bus.run(following, { signal: controller.signal })
    return () => controller.abort()
  }, [bus, connected, input, operation])
  return latest
}
