import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, beforeAll, it } from "vitest"
import { call, inBrowser, screenshot, serveNotebook, type Server } from "../support/browser.ts"
import { atEnd } from "../support/resources.ts"
import { desk } from "./desk.ts"

/** A folder of Markdown files. */
const folderOf = async (files: number, length: number): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), "opbus-import-"))
  atEnd(() => rm(folder, { recursive: true, force: true }))
  const text = "All work and no play makes a dull note.\n".repeat(length)
  for (let from = 0; from < files; from += 200) {
    const name = join(folder, `part-${from}`)
    await mkdir(name)
    await Promise.all(
      Array.from(
        { length: Math.min(200, files - from) },
        (_, i) => writeFile(join(name, `${i}.md`), `# ${from + i}\n${text}`)
      )
    )
  }
  return folder
}

inBrowser("importing a folder", ({ newPage }) => {
  let server: Server
  beforeAll(async () => {
    server = await serveNotebook()
  })

  it("is one step, with a message that undoes it", async () => {
    const folder = await folderOf(12, 1)
    const page = await newPage()
    await page.goto(server.url)
    await page.getByRole("button", { name: "Import a folder" }).click()
    await page.getByLabel("Folder on this computer").fill(folder)
    await page.keyboard.press("Enter")
    const { message, note, undo } = desk(page)
    await message(/^Imported 12 notes from opbus-import-/).waitFor()
    await note("11").first().waitFor()
    await page.getByRole("region", { name: "Messages" }).getByRole("button", { name: "Undo" }).click()
    await page.getByText("An empty notebook").waitFor()
    assert.strictEqual(await undo.getAttribute("aria-disabled"), "true")
  })

  it("shows how far it is, and leaves nothing when it is cancelled", async () => {
    const folder = await folderOf(6_000, 200)
    const page = await newPage()
    await page.goto(server.url)
    await page.getByRole("button", { name: "Import a folder" }).click()
    const dialog = page.getByRole("dialog", { name: "Import a folder" })
    await dialog.getByLabel("Folder on this computer").fill(folder)
    await dialog.getByRole("button", { name: "Import", exact: true }).click()
    await dialog.getByText(/\d+ of 6000 files read/).waitFor()
    await screenshot(page, "notebook/importing")
    await dialog.getByRole("button", { name: "Cancel the import" }).click()
    await dialog.getByText("Cancelled. Nothing was imported.").waitFor()
    await dialog.getByRole("button", { name: "Close" }).click()
    await page.getByText("An empty notebook").waitFor()
    const { collections, notes } = await call(server, "notebook.fingerprint", null)
    assert.deepStrictEqual({ collections, notes }, { collections: 0, notes: 0 })
  })

  it("says what is wrong with a folder", async () => {
    const page = await newPage()
    await page.goto(server.url)
    await page.getByRole("button", { name: "Import a folder" }).click()
    const dialog = page.getByRole("dialog", { name: "Import a folder" })
    await dialog.getByLabel("Folder on this computer").fill("/there/is/no such folder")
    await page.keyboard.press("Enter")
    await dialog.getByText("Cannot import /there/is/no such folder: there is no such folder.").waitFor()
    await page.keyboard.press("Escape")
    await dialog.waitFor({ state: "detached" })
  })
})
