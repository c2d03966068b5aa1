/** Where the page is: `#/<panel>/<rest>?<query>`. Every place has an address, so that it can be linked, and Back works. */
import { useSyncExternalStore } from "react"

export const panels = ["timeline", "operations", "history", "remote", "services"] as const

export type Panel = (typeof panels)[number]

export interface Route {
  readonly panel: Panel
  /** What is chosen there: a key, an id. */
  readonly rest: string | undefined
  readonly query: URLSearchParams
}

const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** Reads the hash of an address; what is not known leads to the timeline. */
export const parseRoute = (hash: string): Route => {
  const [path = "", query = ""] = split(hash.replace(/^#?\/?/, ""), "?")
  const [name = "", rest = ""] = split(path, "/")
  const panel = panels.find((panel) => panel === name)
  return {
    panel: panel ?? "timeline",
    rest: panel === undefined || rest === "" ? undefined : decoded(rest),
    query: new URLSearchParams(query)
  }
}

const split = (text: string, at: string): [string, string] => {
  const index = text.indexOf(at)
  return index === -1 ? [text, ""] : [text.slice(0, index), text.slice(index + 1)]
}

/** The address of a place. */
export const hrefOf = (panel: Panel, rest?: string, query?: Readonly<Record<string, string>>): string => {
  const path = rest === undefined || rest === "" ? panel : `${panel}/${encodeURIComponent(rest)}`
  const text = query === undefined ? "" : new URLSearchParams(query).toString()
  return `#/${path}${text === "" ? "" : `?${text}`}`
}

/** Goes to a place. `replace`: without a step for Back. */
export const goTo = (href: string, options?: { readonly replace?: boolean }): void => {
  if (location.hash === href) return
  if (options?.replace === true) {
    history.replaceState(null, "", href)
    dispatchEvent(new HashChangeEvent("hashchange"))
  } else location.hash = href
}

let route: Route | undefined
let routeHash: string | undefined

const current = (): Route => {
  if (route === undefined || routeHash !== location.hash) {
    routeHash = location.hash
    route = parseRoute(routeHash)
  }
  return route
}

const subscribe = (listener: () => void): () => void => {
  addEventListener("hashchange", listener)
  return () => removeEventListener("hashchange", listener)
}

/** Where the page is. */
export const useRoute = (): Route => useSyncExternalStore(subscribe, current)
