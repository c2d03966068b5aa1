import type { Page, WebSocketRoute } from "playwright-core"
import { assert, beforeAll, it } from "vitest"
import { call, inBrowser, serveNotebook, type Server } from "../support/browser.ts"
import { desk } from "./desk.ts"

const paragraph =
  "The moon was up early. Nobody had told it that the evening was postponed, and so it waited over the roofs."

/** What the server says can be held back; what the page says is written down. */
const slowServer = async (page: Page) => {
  let holding = false
  const held: Array<() => void> = []
  const log: Array<string> = []
  await page.routeWebSocket(/\/ws$/, (socket: WebSocketRoute) => {
    const server = socket.connectToServer()
    socket.onMessage((message) => {
      log.push(String(message))
      server.send(message)
    })
    server.onMessage((message) => {
      if (holding) held.push(() => socket.send(message))
      else socket.send(message)
    })
  })
  return {
    log,
    /** Waits until the page has called an operation. */
    called: async (key: string): Promise<void> => {
      while (!log.some((line) => line.includes(`"tag":"${key}"`))) {
        await page.evaluate(() => new Promise(requestAnimationFrame))
      }
    },
    hold: () => {
      holding = true
      log.length = 0
    },
    release: () => {
      holding = false
      log.push("released")
      for (const send of held.splice(0)) send()
    }
  }
}

inBrowser("typing in the notebook", ({ newPage }) => {
  let server: Server
  beforeAll(async () => {
    server = await serveNotebook()
  })

  it("makes one step of a paragraph, however many times it was sent; after a reload too", async () => {
    const page = await newPage()
    await page.goto(server.url)
    const { newNote, reads, redo, saved, text, undo } = desk(page)
    await newNote("Moon")
    await text.click()
    // With pauses in which it is sent.
    for (const sentence of paragraph.split(/(?<=[.,] )/)) {
      await page.keyboard.type(sentence)
      await saved.waitFor()
    }
    await undo.filter({ hasText: "Write \"The moon was up early" }).click()
    await reads("")
    await undo.filter({ hasText: "Rename to \"Moon\"" }).waitFor()
    await redo.click()
    await reads(paragraph)

    await page.reload()
    await reads(paragraph)
    await undo.filter({ hasText: "Write \"The moon was up early" }).click()
    await reads("")
    await redo.filter({ hasText: "Write \"The moon was up early" }).click()
    await reads(paragraph)
  })

  it("belongs to the same step, also when it is still on its way as one leaves the field", async () => {
    const page = await newPage()
    const sent: Array<string> = []
    page.on("websocket", (socket) => socket.on("framesent", ({ payload }) => sent.push(String(payload))))
    await page.goto(server.url)
    const { newNote, reads, redo, saved, text, undo } = desk(page)
    await newNote("Hanging")
    await text.click()
    server.signal("SIGSTOP")
    try {
      await page.keyboard.type("The server hangs")
      while (!sent.some((frame) => frame.includes("The server hangs"))) {
        await page.evaluate(() => new Promise(requestAnimationFrame))
      }
      await page.keyboard.type(" while this is typed.")
      await page.keyboard.press("Tab")
    } finally {
      server.signal("SIGCONT")
    }
    await saved.waitFor()
    await undo.filter({ hasText: "Write" }).click()
    await reads("")
    await redo.filter({ hasText: "Write" }).click()
    await reads("The server hangs while this is typed.")
  })

  it("has Ctrl+Z of the field's own while one types; elsewhere it is the notebook's", async () => {
    const page = await newPage()
    await page.goto(server.url)
    const { newNote, reads, redo, saved, text } = desk(page)
    await newNote("Keys")
    await text.click()
    await page.keyboard.type("sugar")
    await saved.waitFor()
    await page.keyboard.press("Control+Z")
    await reads("")
    assert.strictEqual(await redo.getAttribute("aria-disabled"), "true")
    await page.keyboard.press("Control+Shift+Z")
    await reads("sugar")
    await text.blur()
    await saved.waitFor()

    await page.getByRole("button", { name: "New collection" }).focus()
    await page.keyboard.press("Control+Z")
    await reads("")
    await page.keyboard.press("Control+Shift+Z")
    await reads("sugar")
    await page.keyboard.press("Control+Z")
    await reads("")
    await page.keyboard.press("Control+Y")
    await reads("sugar")
  })

  it("begins another step when one comes back to the field", async () => {
    const page = await newPage()
    await page.goto(server.url)
    const { newNote, reads, text, title, undo } = desk(page)
    await newNote("Two steps")
    await text.click()
    await page.keyboard.type("One.")
    await title.click()
    await text.click()
    await page.keyboard.press("Control+End")
    await page.keyboard.type(" Two.")
    await undo.click()
    await reads("One.")
    await undo.filter({ hasText: "Write \"One.\"" }).click()
    await reads("")
  })

  it("undoes what was typed a moment ago: an undo waits until that has arrived", async () => {
    const page = await newPage()
    const network = await slowServer(page)
    await page.goto(server.url)
    const { newNote, reads, text, undo } = desk(page)
    await newNote("Quick", "Stays.")
    network.hold()
    await text.click()
    await page.keyboard.press("Control+End")
    await page.keyboard.type(" Goes.")
    await undo.click()
    await network.called("note.write")
    network.release()
    await reads("Stays.")
    const asked = network.log.findIndex((line) => line.includes("@opbus/undo"))
    assert.isAbove(asked, network.log.indexOf("released"))
  })

  it("keeps what is typed while an undo is under way", async () => {
    const page = await newPage()
    const network = await slowServer(page)
    await page.goto(server.url)
    const { message, newNote, reads, saved, text, undo } = desk(page)
    await newNote("During an undo", "First.")
    await text.click()
    await page.keyboard.press("Control+End")
    await page.keyboard.type(" Second.")
    await text.blur()
    await saved.waitFor()
    await undo.filter({ hasText: "First. Second." }).waitFor()
    network.hold()
    await undo.click()
    await text.click()
    await page.keyboard.press("Control+End")
    await page.keyboard.type(" Third.")
    network.release()
    await message("Undone: Write").waitFor()
    await reads("First. Third.")
    await saved.waitFor()
    const [{ id }] = await call(server, "note.find", { text: "First. Third." })
    assert.strictEqual((await call(server, "note.read", { id })).body, "First. Third.")
  })

  it("loses nothing that another window has typed, though this one did not know of it yet", async () => {
    const page = await newPage()
    const network = await slowServer(page)
    await page.goto(server.url)
    await desk(page).newNote("Unaware", "middle")
    const other = await newPage({ beside: page })
    await other.goto(page.url())
    await desk(other).reads("middle")
    network.hold()
    await desk(other).text.click()
    await other.keyboard.press("Control+Home")
    await other.keyboard.type("start ")
    await desk(other).saved.waitFor()
    await desk(page).text.click()
    await page.keyboard.press("Control+End")
    await page.keyboard.type(" end")
    await network.called("note.write")
    network.release()
    await desk(page).reads("start middle end")
    await desk(other).reads("start middle end")
  })

  it("puts together what two windows type into one note at the same time", async () => {
    const page = await newPage()
    await page.goto(server.url)
    await desk(page).newNote("Shared", "middle")
    const other = await newPage({ beside: page })
    await other.goto(page.url())
    await desk(other).reads("middle")
    await desk(page).text.click()
    await page.keyboard.press("Control+End")
    await desk(other).text.click()
    await other.keyboard.press("Control+Home")
    await Promise.all([page.keyboard.type(" end", { delay: 30 }), other.keyboard.type("start ", { delay: 35 })])
    await desk(page).reads("start middle end")
    await desk(other).reads("start middle end")
  })
})
