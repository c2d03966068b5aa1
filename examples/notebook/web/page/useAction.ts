/**
 * An operation behind a button: when it is done a message says so and offers to undo it, and when it fails, why.
 */
import { Exit } from "effect"
import type { Single } from "opbus/operation/OperationInvoker"
import { useOperation } from "opbus/react"
import { BusClient } from "opbus/reactivity"
import { usePage } from "./page.ts"

export const useAction = <Op extends Single>(
  operation: Op,
  done?: (input: Op["input"]["Type"], output: Op["output"]["Type"]) => string
) => {
  const tellDone = useTellDone()
  const { toasts } = usePage()
  return useOperation(operation, {
    onSuccess: (output, input) => {
      if (done !== undefined) void tellDone(done(input, output))
    },
    onError: (error) => toasts.problem((error as Error).message)
  })
}

/** Says that something was done. Its button undoes that, and nothing else that is newer by then. */
export const useTellDone = () => {
  const { bus, toasts } = usePage()
  return async (text: string): Promise<void> => {
    const newest = await bus.run(BusClient.use((client) => client.history(undefined, "server").peek))
    toasts.done(text, Exit.isSuccess(newest) ? newest.value.id : undefined)
  }
}
