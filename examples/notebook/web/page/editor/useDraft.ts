import { useEffect, useSyncExternalStore } from "react"
import type { Draft, DraftState, FieldName } from "../drafts.ts"
import { usePage } from "../page.ts"

/** What is in a field: what the server has, and what was typed since. */
export const useDraft = (id: string, name: FieldName, server: string): readonly [Draft, DraftState] => {
  const draft = usePage().drafts.open(id, name, server)
  useEffect(() => {
    if (server !== draft.base) draft.check()
  }, [draft, server])
  return [draft, useSyncExternalStore(draft.subscribe, draft.state)]
}
