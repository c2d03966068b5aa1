import type { Page } from "playwright-core"
import { assert } from "vitest"

/** Nothing stands out of the window sideways, and no control is larger than it. */
export const holds = async (page: Page): Promise<void> => {
  const wide = await page.evaluate(() => {
    const room = document.documentElement.clientWidth
    const outside = [...document.querySelectorAll<HTMLElement>("button, a, input, select, textarea, h1, h2")].filter(
      (element) => {
        const { height, left, right, width } = element.getBoundingClientRect()
        if (width === 0 || height === 0) return false
        // What scrolls inside a box of its own may be anywhere.
        for (let box = element.parentElement; box !== null; box = box.parentElement) {
          if (box !== document.body && /auto|scroll|hidden|clip/.test(getComputedStyle(box).overflowX)) return false
        }
        return left < -1 || right > room + 1
      }
    )
    return {
      page: document.documentElement.scrollWidth - room,
      outside: outside.map((element) => element.outerHTML.slice(0, 120))
    }
  })
  assert.deepStrictEqual(wide, { page: 0, outside: [] }, `at ${page.url()}`)
}
