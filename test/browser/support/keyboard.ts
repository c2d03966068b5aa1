import type { Page } from "playwright-core"
import { assert } from "vitest"

/** Where the focus is. */
interface Stop {
  readonly id: string | undefined
  readonly html: string
  /** One can see that it has the focus. */
  readonly marked: boolean
  readonly inSight: boolean
}

/** Kept in the page between two presses. */
interface Tabbed extends Window {
  readonly looks: (element: HTMLElement) => string
  readonly before: Map<string, string>
}

/** Marks everything that should be reached by Tab, so that what was not can be told, and keeps how it looks. */
const prepare = (page: Page): Promise<ReadonlyArray<string>> =>
  page.evaluate(() => {
    const looks = (element: HTMLElement) =>
      [element, element.parentElement].map((each) => {
        if (each === null) return ""
        const { backgroundColor, backgroundImage, border, boxShadow, outline, textDecoration } = getComputedStyle(each)
        return [backgroundColor, backgroundImage, border, boxShadow, outline, textDecoration].join()
      }).join(";")
    const before = new Map<string, string>()
    Object.assign(window, { looks, before })
    const focused = document.activeElement
    const scope = document.querySelector("dialog[open]") ?? document
    const candidates = scope.querySelectorAll<HTMLElement>(
      "a[href], button, input, select, textarea, summary, [tabindex]"
    )
    return [...candidates].flatMap((element, index) => {
      const { height, width } = element.getBoundingClientRect()
      const reachable = element.tabIndex >= 0 && width > 0 && height > 0 && !element.matches(":disabled") &&
        element.checkVisibility({ visibilityProperty: true }) && element.closest("[inert]") === null &&
        !(element instanceof HTMLInputElement && element.type === "radio" && !element.checked)
      if (!reachable) return []
      element.dataset["tabTest"] = String(index)
      if (element !== focused) before.set(String(index), looks(element))
      return [`${index} ${element.outerHTML.slice(0, 160)}`]
    })
  })

/** Presses Tab, and says where that leads. */
const press = async (page: Page): Promise<Stop | undefined> => {
  await page.keyboard.press("Tab")
  return page.evaluate(() => {
    const { before, looks } = window as unknown as Tabbed
    const element = document.activeElement
    if (!(element instanceof HTMLElement) || element === document.body) return undefined
    const { bottom, height, left, right, top, width } = element.getBoundingClientRect()
    const id = element.dataset["tabTest"]
    return {
      id,
      html: element.outerHTML.slice(0, 160),
      marked: id === undefined || before.get(id) !== looks(element),
      inSight: width > 0 && height > 0 && bottom > 0 && right > 0 && top < innerHeight && left < innerWidth
    }
  })
}

/**
 * Goes through the page by Tab: fails when something cannot be reached, when the focus is caught somewhere, and when one
 * cannot see where it is.
 */
export const tabThrough = async (page: Page): Promise<void> => {
  const all = await prepare(page)
  const reached = new Set<string>()
  let last: string | undefined
  for (let presses = 0; presses < all.length + 40 && reached.size < all.length; presses++) {
    const stop = await press(page)
    if (stop?.id !== undefined) {
      assert.notStrictEqual(stop.id, last, `Tab does not leave ${stop.html}`)
      assert.isTrue(stop.inSight, `what has the focus is out of sight: ${stop.html}`)
      assert.isTrue(stop.marked, `one cannot see that this has the focus: ${stop.html}`)
      reached.add(stop.id)
    }
    last = stop?.id
  }
  const missed = all.filter((each) => !reached.has(each.split(" ")[0]!))
  assert.deepStrictEqual(missed, [], `not reached by Tab at ${page.url()}`)
}
