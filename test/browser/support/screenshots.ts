import { mkdir, writeFile } from "node:fs/promises"
import { dirname, join } from "node:path"
import type { Page } from "playwright-core"
import { root } from "../../../scripts/shared/command.ts"

const folder = join(root, "screenshots")

const save = async (file: string, content: string | Uint8Array): Promise<void> => {
  await mkdir(dirname(file), { recursive: true })
  await writeFile(file, content)
}

/** Writes what the page shows to `screenshots/<name>.png`, for a person to look at. A name may hold folders. */
export const screenshot = async (page: Page, name: string, options: { readonly fullPage?: boolean } = {}) =>
  save(join(folder, `${name}.png`), await page.screenshot({ ...options, animations: "disabled" }))

/** Keeps what the pages of a failed test showed: as an image, and as what a screen reader sees. */
export const saveFailure = async (
  test: string,
  pages: ReadonlyArray<Page>,
  problems: ReadonlyArray<string>
): Promise<void> => {
  const name = test.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-").slice(0, 80)
  for (const [index, page] of pages.entries()) {
    const file = join(folder, "failed", pages.length === 1 ? name : `${name}-${index + 1}`)
    try {
      await save(`${file}.png`, await page.screenshot({ timeout: 5_000 }))
      const snapshot = await page.locator("body").ariaSnapshot({ timeout: 5_000 })
      await save(`${file}.txt`, [page.url(), "", ...problems, "", snapshot, ""].join("\n"))
    } catch {
      // A page that answers no more has nothing to show.
    }
  }
}
