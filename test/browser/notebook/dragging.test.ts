import type { Locator, Page } from "playwright-core"
import { beforeAll, it } from "vitest"
import { inBrowser, phone, screenshot, serveNotebook, type Server } from "../support/browser.ts"
import { desk } from "./desk.ts"

const middle = async (of: Locator) => {
  const { height, width, x, y } = (await of.boundingBox())!
  return { x: x + width / 2, y: y + height / 2 }
}

/** A finger: Playwright only knows how to tap. */
const dragByFinger = async (page: Page, from: Locator, to: Locator, beforeLifting: () => Promise<void>) => {
  const session = await page.context().newCDPSession(page)
  const touch = (type: "touchStart" | "touchMove" | "touchEnd", point?: { x: number; y: number }) =>
    session.send("Input.dispatchTouchEvent", { type, touchPoints: point === undefined ? [] : [point] })
  const start = await middle(from)
  const end = await middle(to)
  await touch("touchStart", start)
  await page.locator(".dragged").waitFor()
  for (let step = 1; step <= 8; step++) {
    await touch("touchMove", {
      x: start.x + (end.x - start.x) * step / 8,
      y: start.y + (end.y - start.y) * step / 8
    })
  }
  await beforeLifting()
  await touch("touchEnd")
}

inBrowser("dragging a note to a collection", ({ newPage }) => {
  let server: Server
  beforeAll(async () => {
    server = await serveNotebook()
  })

  const prepared = async (page: Page, name: string) => {
    await page.goto(server.url)
    await desk(page).newNote(`${name} note`)
    await desk(page).newCollection(`${name} box`)
    await desk(page).collection(`${name} box 0`).waitFor()
    return desk(page)
  }

  it("works by mouse, and can be undone from the message", async () => {
    const page = await newPage()
    const { collection, message, note } = await prepared(page, "Mouse")
    const [from, to] = [await middle(note("Mouse note")), await middle(collection("Mouse box"))]
    await page.mouse.move(from.x, from.y)
    await page.mouse.down()
    await page.mouse.move(to.x, to.y, { steps: 8 })
    await screenshot(page, "notebook/dragging")
    await page.mouse.up()
    await collection("Mouse box 1").waitFor()
    await message("Moved \"Mouse note\" to Mouse box").waitFor()
    await page.getByRole("region", { name: "Messages" }).getByRole("button", { name: "Undo" }).click()
    await collection("Mouse box 0").waitFor()
  })

  it("works by mouse between the columns of the deck", async () => {
    const page = await newPage()
    const { note } = await prepared(page, "Deck")
    await page.getByRole("button", { name: "Deck", exact: true }).click()
    const column = page.getByRole("region", { name: "Deck box", exact: true })
    await column.scrollIntoViewIfNeeded()
    const [from, to] = [await middle(note("Deck note")), await middle(column)]
    await page.mouse.move(from.x, from.y)
    await page.mouse.down()
    await page.mouse.move(to.x, to.y, { steps: 8 })
    await page.mouse.up()
    await column.getByText("Deck note").waitFor()
  })

  it("works with a finger, on a phone", async () => {
    const page = await newPage({ viewport: phone, touch: true })
    await page.goto(server.url)
    const { collection, newCollection, newNote, note } = desk(page)
    await newNote("Finger note")
    await page.getByRole("button", { name: "All notes" }).click()
    await newCollection("Finger box")
    await note("Finger note").waitFor()
    await collection("Finger box 0").scrollIntoViewIfNeeded()
    await dragByFinger(page, note("Finger note"), collection("Finger box"), async () => {
      await page.locator(".sidebar [data-over=true]").waitFor()
    })
    await collection("Finger box 1").waitFor()
  })

  it("works by keyboard, says aloud what happens, and leaves the focus among the notes", async () => {
    const page = await newPage()
    const { collection, newNote, note } = await prepared(page, "Key")
    await newNote("Key neighbour")
    await collection("No collection").click()
    const said = (text: string) => page.getByRole("status").getByText(text).waitFor({ state: "attached" })
    await note("Key note").getByRole("button", { name: "Move \"Key note\" to a collection" }).focus()
    await page.keyboard.press("Space")
    await said("Picked up \"Key note\"")
    const over = page.locator(".sidebar [data-over=true]")
    let last: string | null = null
    for (let presses = 0; presses < 20 && last?.includes("Key box") !== true; presses++) {
      await page.keyboard.press("ArrowDown")
      await over.filter({ hasNotText: last ?? "no collection has this name" }).waitFor()
      last = await over.locator(".name").textContent()
      await said(`Over "${last}".`)
    }
    await page.keyboard.press("Space")
    await collection("Key box 1").waitFor()
    await said("Dropped \"Key note\" on \"Key box\".")
    await note("Key note").waitFor({ state: "detached" })
    await page.waitForFunction(() => document.activeElement?.closest(".note") !== null)
  })

  it("leaves it where it was on Escape", async () => {
    const page = await newPage()
    const { collection, note } = await prepared(page, "Escape")
    await note("Escape note").getByRole("button", { name: "Move \"Escape note\" to a collection" }).focus()
    await page.keyboard.press("Space")
    await page.locator(".dragged").waitFor()
    await page.keyboard.press("ArrowDown")
    await page.locator(".sidebar [data-over=true]").waitFor()
    await page.keyboard.press("Escape")
    await page.getByRole("status").getByText("\"Escape note\" stays where it was.").waitFor({ state: "attached" })
    await collection("Escape box 0").waitFor()
  })
})
