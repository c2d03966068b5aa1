/** Runs the modules whose paths it is sent, one at a time, each in a folder of its own; answers with what went wrong. */
import { mkdirSync } from "node:fs"
import { pathToFileURL } from "node:url"

process.on("message", async (path: string) => {
  const folder = path.replace(/\.[^/]*$/, "")
  mkdirSync(folder)
  process.chdir(folder)
  let problem: string | undefined
  try {
    await import(pathToFileURL(path).href)
  } catch (error) {
    problem = error instanceof Error ? error.stack ?? error.message : String(error)
  }
  process.send!({ problem })
})
