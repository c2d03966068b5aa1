/**
 * The tests in a real browser, where Chromium is: `node scripts/browser.ts`. They are in test/browser; what they saw is
 * in screenshots/. One of them: `npx vitest run --config vitest.browser.config.ts <file>`.
 */
import { readFile, rm } from "node:fs/promises"
import { join } from "node:path"
import { chromium, noChromium } from "./shared/chromium.ts"
import { bin, command, root } from "./shared/command.ts"
import { noteMark } from "./shared/report.ts"
import { countOf } from "./shared/vitest.ts"

const report = join(root, "node_modules/.cache/opbus/vitest-browser.json")
const screenshots = join(root, "screenshots")

if (chromium === undefined) {
  console.log(`${noteMark}${noChromium}`)
  console.log("0 passed, 0 failed")
} else {
  await rm(screenshots, { recursive: true, force: true })
  await rm(report, { force: true })
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`]
  const outcome = await command(bin("vitest"), ["run", "--config", "vitest.browser.config.ts", ...reporters], {
    timeoutMillis: 15 * 60_000
  })
  const { failed, passed } = countOf(await readFile(report, "utf8").then(JSON.parse, () => undefined), outcome.code)
  console.log(outcome.output.trimEnd())
  for (const [, figure] of outcome.stdout.matchAll(/^figure: (.*)$/gm)) console.log(`${noteMark}${figure}`)
  console.log(`${noteMark}Browser: ran; ${passed} passed, ${failed} failed; screenshots in ${screenshots}`)
  console.log(`${passed} passed, ${failed} failed`)
  process.exitCode = failed === 0 ? 0 : 1
}
