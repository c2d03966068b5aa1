import type { Result, RunOptions } from "axe-core"
import axeCore from "axe-core"
import type { Page } from "playwright-core"

declare const window: { readonly axe: typeof axeCore }

const describe = ({ help, id, impact, nodes }: Result): string =>
  [
    `${impact}: ${help} (${id})`,
    ...nodes.slice(0, 5).map(({ failureSummary, html, target }) =>
      `  ${target.join(" ")}\n    ${html.slice(0, 300)}\n    ${failureSummary?.replaceAll("\n", "\n    ")}`
    )
  ].join("\n")

/** Looks for what keeps people from using the page; fails on what is serious or critical. */
export const axe = async (page: Page, options: RunOptions = {}): Promise<void> => {
  await page.evaluate(axeCore.source)
  const violations = await page.evaluate(
    async (options) => (await window.axe.run(document, { resultTypes: ["violations"], ...options })).violations,
    options
  )
  const serious = violations.filter(({ impact }) => impact === "serious" || impact === "critical")
  if (serious.length > 0) {
    throw new Error(`axe found ${serious.length} at ${page.url()}:\n${serious.map(describe).join("\n")}`)
  }
}
