/**
 * Somebody who has never seen opbus, and reads nothing but what is on the screen.
 */
import type { Page } from "playwright-core"
import { assert, it } from "vitest"
import { inBrowser, npmStart, screenshot, serveNotebook } from "../support/browser.ts"
import { byKeyboard, byMouse, type Hands, tabTo } from "./hands.ts"
import { button, collection, field, note, redo, saved, shows, undo } from "./notebook.ts"

const title = "Rhubarb cake"
const text = "Three stalks of rhubarb, two eggs, and more sugar than you think."

/** What is done, in the words of the undo bar, and how one sees that it is done and that it is not. */
const steps: ReadonlyArray<{
  readonly name: string | RegExp
  readonly operation: string
  /** What takes it back. */
  readonly inverse: string
  readonly input: string
  readonly done: (page: Page) => Promise<void>
  readonly undone: (page: Page) => Promise<void>
}> = [
  {
    name: "Create \"Untitled note\"",
    operation: "note.create",
    inverse: "note.delete",
    input: "Untitled note",
    done: (page) => note(page, "Untitled note").waitFor(),
    undone: (page) => page.getByText(/^(This note was deleted|An empty notebook)/).first().waitFor()
  },
  {
    name: `Rename to "${title}"`,
    operation: "note.rename",
    inverse: "note.rename",
    input: title,
    done: (page) => note(page, title).waitFor(),
    undone: (page) => note(page, "Untitled note").waitFor()
  },
  {
    name: /Write "Three stalks of rhubarb/,
    operation: "note.write",
    inverse: "note.write",
    input: "Three stalks of rhubarb",
    done: (page) => shows(field(page, "Text"), text),
    undone: (page) => shows(field(page, "Text"), "")
  },
  {
    name: "Tag +dessert",
    operation: "note.tag",
    inverse: "note.tag",
    input: "dessert",
    done: (page) => button(page, "Remove the tag \"dessert\"").waitFor(),
    undone: (page) => button(page, "Remove the tag \"dessert\"").waitFor({ state: "detached" })
  },
  {
    name: "Create collection \"Recipes\"",
    operation: "collection.create",
    inverse: "collection.delete",
    input: "Recipes",
    done: (page) => collection(page, "Recipes").waitFor(),
    undone: (page) => collection(page, "Recipes").waitFor({ state: "detached" })
  },
  {
    name: "Move a note",
    operation: "note.move",
    inverse: "note.move",
    input: "collection",
    done: (page) => collection(page, "Recipes 1").waitFor(),
    undone: (page) => collection(page, "Recipes 0").waitFor()
  }
]

const work = async ({ drag, enter, page, press, write }: Hands): Promise<void> => {
  await press(button(page, "New note"))
  await write(field(page, "Title"), title)
  await write(field(page, "Text"), text)
  await enter(page.getByLabel("Add a tag"), "dessert")
  await button(page, "Remove the tag \"dessert\"").waitFor()
  await press(button(page, "New collection"))
  await enter(page.getByLabel("Name of the collection"), "Recipes")
  await collection(page, "Recipes").waitFor()
  await saved(page).waitFor()
  await drag(title, "Recipes")
  await collection(page, "Recipes 1").waitFor()
}

/** Follows the link to the devtools, which open in a window of their own. */
const openDevtools = async ({ page, press }: Hands): Promise<Page> => {
  const opened = page.context().waitForEvent("page")
  await press(page.getByRole("link", { name: "Devtools" }))
  return opened
}

type Origin = "remote" | "undo" | "redo"

/** Finds the invocations of all steps, and looks into each. */
const checkTimeline = async (
  devtools: Page,
  origin: Origin,
  open: (operation: string, origin: Origin) => Promise<void>
): Promise<void> => {
  for (const { input, inverse, operation } of steps) {
    const key = origin === "undo" ? inverse : operation
    await open(key, origin)
    const details = devtools.getByRole("region", { name: key })
    await details.waitFor()
    const text = await details.innerText()
    assert.match(text, /\b\d+(\.\d+)?\s?(ms|s|µs)\b/, `how long ${key} took`)
    assert.include(text, origin, `the origin of ${key}`)
    // An undo is given what the inverse needs.
    if (origin !== "undo") assert.include(text, input, `the input of ${key}`)
  }
}

const checkHistory = async (devtools: Page, status: "live" | "undone"): Promise<void> => {
  const entries = devtools.getByRole("list", { name: "Entries, newest first" }).getByRole("listitem")
  for (const { name } of steps) {
    const entry = entries.filter({ hasText: name }).first()
    await entry.waitFor()
    if (status === "live") await entry.getByRole("button", { name: /^Undo to here/ }).waitFor()
    else await entry.getByText("undone", { exact: true }).waitFor()
  }
}

const undoAll = async ({ page, press }: Hands): Promise<void> => {
  for (const { name, undone } of steps.toReversed()) {
    await press(undo(page, name))
    await undone(page)
  }
}

const redoAll = async ({ page, press }: Hands): Promise<void> => {
  for (const { done, name } of steps) {
    await press(redo(page, name))
    await done(page)
  }
}

inBrowser("a newcomer", ({ newPage }) => {
  it("creates, edits, drags, undoes and redoes by mouse, and sees each of it in the devtools", async () => {
    const { output, url } = await npmStart()
    assert.include(output(), `Devtools  ${url}/_opbus`)
    const page = await newPage()
    await page.goto(url)
    await screenshot(page, "newcomer/1-empty")
    const hands = byMouse(page)
    await work(hands)
    await screenshot(page, "newcomer/2-worked")

    const devtools = await openDevtools(hands)
    const lookInto = async (operation: string, origin: Origin) => {
      await devtools.getByLabel("Origin").selectOption(origin)
      await devtools.getByRole("row").filter({ hasText: operation }).first().click()
    }
    await checkTimeline(devtools, "remote", lookInto)
    await screenshot(devtools, "newcomer/3-timeline")
    await devtools.getByRole("link", { name: "History" }).click()
    await checkHistory(devtools, "live")
    await screenshot(devtools, "newcomer/4-history")

    await page.bringToFront()
    await undoAll(hands)
    await screenshot(page, "newcomer/5-undone")
    await devtools.bringToFront()
    await checkHistory(devtools, "undone")
    await devtools.getByRole("link", { name: "Timeline" }).click()
    await checkTimeline(devtools, "undo", lookInto)

    await page.bringToFront()
    await redoAll(hands)
    await collection(page, "Recipes 1").waitFor()
    await screenshot(page, "newcomer/6-redone")
    await devtools.bringToFront()
    await checkTimeline(devtools, "redo", lookInto)
    await devtools.getByRole("link", { name: "History" }).click()
    await checkHistory(devtools, "live")
  })

  it("does the same with nothing but the keyboard", async () => {
    const { url } = await serveNotebook()
    const page = await newPage()
    await page.goto(url)
    const hands = byKeyboard(page)
    await work(hands)
    await screenshot(page, "newcomer/keyboard-1-worked")

    const devtools = await openDevtools(hands)
    const lookInto = async (operation: string) => {
      const search = devtools.getByRole("searchbox", { name: "Search invocations" })
      await tabTo(devtools, search)
      await devtools.keyboard.press("Control+A")
      await devtools.keyboard.type(operation)
      const grid = devtools.getByRole("treegrid")
      await tabTo(devtools, grid)
      // The field was left: the first line, below the heads of the columns, is what was searched for.
      await grid.getByRole("row").nth(1).filter({ hasText: operation }).waitFor()
      await devtools.keyboard.press("Home")
      await devtools.keyboard.press("Enter")
    }
    await checkTimeline(devtools, "remote", lookInto)
    await screenshot(devtools, "newcomer/keyboard-2-timeline")
    const toHistory = devtools.getByRole("link", { name: "History" })
    await tabTo(devtools, toHistory)
    await devtools.keyboard.press("Enter")
    await checkHistory(devtools, "live")

    await page.bringToFront()
    await undoAll(hands)
    await devtools.bringToFront()
    await checkHistory(devtools, "undone")
    await page.bringToFront()
    await redoAll(hands)
    await collection(page, "Recipes 1").waitFor()
    await devtools.bringToFront()
    await checkHistory(devtools, "live")
  })
})
