import { act, createElement, type ReactNode } from "react"
import { createRoot, type Root } from "react-dom/client"
import { afterEach } from "vitest"
;(globalThis as { IS_REACT_ACT_ENVIRONMENT?: boolean }).IS_REACT_ACT_ENVIRONMENT = true

export const h = createElement

const roots: Array<Root> = []

export interface Screen {
  readonly element: HTMLElement
  readonly text: () => string
  readonly render: (node: ReactNode) => Promise<void>
  readonly unmount: () => Promise<void>
  readonly click: (id: string) => Promise<void>
}

export const render = async (node: ReactNode): Promise<Screen> => {
  const element = document.createElement("div")
  document.body.append(element)
  const root = createRoot(element)
  roots.push(root)
  await act(async () => root.render(node))
  return {
    element,
    text: () => element.textContent ?? "",
    render: (node) => act(async () => root.render(node)),
    unmount: () => act(async () => root.unmount()),
    click: (id) => act(async () => element.querySelector<HTMLElement>(`#${id}`)!.click())
  }
}

/** Waits, rendering meanwhile, until something holds. */
export const settled = async (holds: () => boolean, what: () => unknown = () => document.body.innerHTML) => {
  for (const end = Date.now() + 8_000; !holds();) {
    if (Date.now() > end) throw new Error(`It did not come to that: ${String(what())}`)
    await act(() => new Promise<void>((resolve) => setTimeout(resolve, 5)))
  }
}

/** Longer than a frame, and than what waits for a component to come back. */
export const pause = (millis = 150) => act(() => new Promise<void>((resolve) => setTimeout(resolve, millis)))

afterEach(async () => {
  await act(async () => {
    for (const root of roots.splice(0)) root.unmount()
  })
  document.body.replaceChildren()
})
