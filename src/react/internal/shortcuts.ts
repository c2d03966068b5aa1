/** @internal */
export interface Shortcuts {
  /** Where they apply: `undefined` is everywhere, `null` is nowhere yet. */
  readonly element: () => HTMLElement | null | undefined
  readonly act: (direction: "undo" | "redo") => void
}

const active = new Set<Shortcuts>()

/**
 * Listens to the keys with one listener for all, so that of several places one answers: the innermost that has the focus,
 * else the newest that is for the whole page.
 *
 * @internal
 */
export const listen = (shortcuts: Shortcuts): () => void => {
  if (active.size === 0) document.addEventListener("keydown", onKeyDown)
  active.add(shortcuts)
  return () => {
    active.delete(shortcuts)
    if (active.size === 0) document.removeEventListener("keydown", onKeyDown)
  }
}

const onKeyDown = (event: KeyboardEvent): void => {
  const direction = directionOf(event)
  if (direction === undefined || event.defaultPrevented || keepsItsOwn(event.composedPath()[0])) return
  const focused = event.composedPath()[0] as Node
  let chosen: Shortcuts | undefined
  let innermost: HTMLElement | undefined
  for (const shortcuts of active) {
    const element = shortcuts.element()
    if (element === null || (element !== undefined && !element.contains(focused))) continue
    if (element === undefined ? innermost === undefined : innermost === undefined || innermost.contains(element)) {
      chosen = shortcuts
      innermost = element
    }
  }
  if (chosen === undefined) return
  event.preventDefault()
  chosen.act(direction)
}

const directionOf = (event: KeyboardEvent): "undo" | "redo" | undefined => {
  const { altKey, code, ctrlKey, isComposing, key, metaKey, shiftKey } = event
  const mac = isMac()
  if (altKey || isComposing || (mac ? !metaKey || ctrlKey : !ctrlKey || metaKey)) return undefined
  // On a keyboard without Latin letters it is the key that has the letter elsewhere.
  const letter = /^[a-z]$/i.test(key) ? key.toLowerCase() : code.replace("Key", "").toLowerCase()
  if (letter === "z") return shiftKey ? "redo" : "undo"
  return letter === "y" && !mac && !shiftKey ? "redo" : undefined
}

const isMac = (): boolean => {
  const { platform, userAgentData } = navigator as Navigator & {
    readonly userAgentData?: { readonly platform?: string }
  }
  return /mac|iphone|ipad|ipod/i.test(userAgentData?.platform ?? platform)
}

/** Whose undo is not ours: it takes back what was typed there. */
const keepsItsOwn = (target: EventTarget | undefined): boolean => {
  if (!(target instanceof HTMLElement)) return false
  if (target.isContentEditable || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement) {
    return true
  }
  return target instanceof HTMLInputElement && !withoutText.has(target.type)
}

const withoutText = new Set(["button", "checkbox", "color", "file", "image", "radio", "range", "reset", "submit"])
