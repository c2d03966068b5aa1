/**
 * Which note is open is in the address, so that a reload keeps it and "back" closes it.
 */
import { useSyncExternalStore } from "react"

const prefix = "#/note/"

const subscribe = (listener: () => void) => {
  addEventListener("hashchange", listener)
  return () => removeEventListener("hashchange", listener)
}

const read = () => location.hash.startsWith(prefix) ? decodeURIComponent(location.hash.slice(prefix.length)) : undefined

const open = (id: string | undefined): void => {
  location.hash = id === undefined ? "#/" : prefix + encodeURIComponent(id)
}

export const useOpenNote = () => [useSyncExternalStore(subscribe, read), open] as const
