import { Effect } from "effect"
import { invokeRemote } from "opbus"
import { DeploymentRegistry, Outbox } from "opbus/remote"
import type { Page } from "playwright-core"
import { assert, it } from "vitest"
import { axe, inBrowser, phone, screenshot } from "../support/browser.ts"
import { atEnd } from "../support/resources.ts"
import { startApp, startBare } from "./support/app.ts"
import { Order } from "./support/shop.ts"

const start = async () => {
  const app = await startApp()
  atEnd(app.close)
  return {
    ...app,
    order: (item: string, lane?: string) =>
      app.run(invokeRemote(Order, { item }, { offline: "queue", ...(lane === undefined ? {} : { lane }) }))
  }
}

const waiting = (page: Page) => page.getByRole("list", { name: "Waiting calls, oldest first" }).getByRole("listitem")
const dead = (page: Page) => page.getByRole("list", { name: "Dead letters, newest first" }).getByRole("listitem")

inBrowser("the remote panel", ({ newPage }) => {
  it("shows what waits while the server is down, with age, attempts and reason; and delivers when it is back", async () => {
    const app = await start()
    const page = await newPage()
    await page.goto(`${app.url}#/remote`)
    await page.getByRole("heading", { name: "Nothing waits" }).waitFor()
    await app.order("tea")
    await app.order("milk")
    await app.order("tea", "express")
    await waiting(page).nth(2).waitFor()
    const first = waiting(page).first()
    await first.getByText("tried in vain").waitFor()
    await first.getByText("ECONNREFUSED").waitFor()
    await first.getByText(/^(just now|\d+ s ago)$/).waitFor()
    await first.getByText(/^(once|\d+ times)$/).waitFor()
    await waiting(page).nth(1).getByText("One call of its lane is before it.").waitFor()
    await waiting(page).nth(2).getByText("lane express").waitFor()
    await screenshot(page, "devtools-remote")
    await axe(page)

    await waiting(page).nth(1).getByRole("button", { name: "Remove the waiting call of shop.order" }).click()
    await page.getByText("The call of shop.order was removed").waitFor()
    await waiting(page).nth(2).waitFor({ state: "detached" })

    await app.shop.open()
    await page.getByRole("button", { name: "Deliver now" }).click()
    await page.getByRole("heading", { name: "Nothing waits" }).waitFor()
    assert.deepStrictEqual(app.shop.sold, ["tea", "tea"])
  })

  it("says why a call was given up, retries it when the cause is gone, and forgets one only after asking", async () => {
    const app = await start()
    await app.shop.open()
    await app.order("moon")
    await app.order("mars")
    const page = await newPage()
    await page.goto(`${app.url}#/remote`)
    await dead(page).nth(1).waitFor()
    const moon = dead(page).nth(1)
    await moon.getByText("the operation failed").waitFor()
    await moon.getByText("The other side ran it, and it failed. Retry when the cause is gone.").waitFor()
    await moon.getByText("The error as data").click()
    await moon.getByText("\"moon\"").waitFor()
    await screenshot(page, "devtools-remote-dead")
    await axe(page)

    // The shop gets it in, and only then does a retry help.
    app.shop.stock.add("moon")
    await moon.getByRole("button", { name: "Retry the dead letter of shop.order" }).click()
    await page.getByText("The call of shop.order is queued again").waitFor()
    await dead(page).nth(1).waitFor({ state: "detached" })
    assert.deepStrictEqual(app.shop.sold, ["moon"])

    await dead(page).first().getByRole("button", { name: "Remove the dead letter of shop.order" }).click()
    const dialog = page.getByRole("dialog", { name: "Remove this dead letter?" })
    await dialog.getByRole("button", { name: "Cancel" }).click()
    await dialog.waitFor({ state: "detached" })
    assert.strictEqual((await app.run(Effect.orDie(Outbox.use(({ deadLetters }) => deadLetters)))).length, 1)
    await dead(page).first().getByRole("button", { name: "Remove the dead letter of shop.order" }).click()
    await dialog.getByRole("button", { name: "Remove it" }).click()
    await page.getByRole("heading", { name: "No dead letters" }).waitFor()
    assert.deepStrictEqual(await app.run(Effect.orDie(Outbox.use(({ deadLetters }) => deadLetters))), [])
    assert.deepStrictEqual(app.shop.sold, ["moon"])
  })

  it("is used by keyboard on a phone, where nothing runs out of the screen", async () => {
    const app = await start()
    await app.order("tea")
    const page = await newPage({ viewport: phone, touch: true, colorScheme: "dark" })
    await page.goto(`${app.url}#/remote`)
    await waiting(page).first().getByText("tried in vain").waitFor()
    await screenshot(page, "devtools-remote-phone")
    await axe(page)
    assert.strictEqual(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth), 0)
    await app.shop.open()
    await page.getByRole("button", { name: "Deliver now" }).focus()
    await page.keyboard.press("Enter")
    await page.getByRole("heading", { name: "Nothing waits" }).waitFor()
    assert.deepStrictEqual(app.shop.sold, ["tea"])
  })

  it("shows where operations are deployed", async () => {
    const app = await start()
    const page = await newPage()
    await page.goto(`${app.url}#/remote`)
    await page.getByRole("heading", { name: "Nothing is deployed" }).waitFor()
    await app.run(Effect.orDie(DeploymentRegistry.use(({ put }) =>
      put({
        key: "text.analyse",
        name: "Analyse",
        version: 3,
        deployedFunctionId: "sha-1234",
        endpoint: "https://edge.example/rpc",
        deployedAt: Date.now(),
        services: ["app/Dictionary"],
        input: {},
        output: {}
      })
    )))
    const row = page.getByRole("table", { name: "Deployments" }).getByRole("row", { name: /text\.analyse/ })
    for (const text of ["3", "https://edge.example/rpc", "app/Dictionary", "sha-1234"]) {
      await row.getByText(text, { exact: true }).waitFor()
    }
    await axe(page)
  })

  it("says how to get an outbox and a registry of deployments where there are none", async () => {
    const bare = await startBare()
    atEnd(bare.close)
    const page = await newPage()
    await page.goto(`${bare.url}#/remote`)
    await page.getByRole("heading", { name: "No outbox" }).waitFor()
    await page.getByText("Layer.provideMerge(SqlOutbox.layer())").waitFor()
    await page.getByRole("heading", { name: "No registry of deployments" }).waitFor()
    await page.getByText("Layer.provideMerge(SqlDeploymentRegistry.layer)").waitFor()
    await axe(page)
  })
})
