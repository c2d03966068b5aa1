import { onTestFinished } from "vitest"

type Release = () => void | Promise<void>

const ofTheFile: Array<Release> = []

/** Runs `release` when the test that asks for it has ended; asked for outside of a test, when the file has. */
export const atEnd = (release: Release): void => {
  try {
    onTestFinished(release)
  } catch {
    ofTheFile.push(release)
  }
}

/** Releases what was asked for outside of tests. */
export const release = async (): Promise<void> => {
  for (const each of ofTheFile.splice(0).reverse()) await each()
}
