import { accessSync, constants } from "node:fs"
import { delimiter, join } from "node:path"

const names = ["chromium-headless-shell", "chromium", "chromium-browser", "google-chrome-stable", "google-chrome"]

const isExecutable = (file: string): boolean => {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** Where Chromium is: what OPBUS_CHROMIUM names, else the first one on the PATH. An empty OPBUS_CHROMIUM means none. */
export const chromium: string | undefined = (() => {
  const named = process.env.OPBUS_CHROMIUM
  if (named !== undefined) return named !== "" && isExecutable(named) ? named : undefined
  const folders = [...(process.env.PATH ?? "").split(delimiter), "/usr/bin"].filter((folder) => folder !== "")
  return names.flatMap((name) => folders.map((folder) => join(folder, name))).find(isExecutable)
})()

/** What is said where there is none. */
export const noChromium =
  "Browser: not run, there is no Chromium; apt-get install chromium-headless-shell, or set OPBUS_CHROMIUM"
