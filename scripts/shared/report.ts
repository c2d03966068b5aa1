/** The result of one check; `detail` is printed when it failed, `note` always. */
export interface Result {
  readonly name: string
  readonly ok: boolean
  readonly detail?: string
  readonly note?: string
}

/** Notes start with this mark: `scripts/test.ts` shows them also where everything passed. */
export const noteMark = "» "

/** Prints what failed and, as the last line, the count; sets the exit code. */
export const report = (results: ReadonlyArray<Result>): void => {
  for (const { detail, name, note, ok } of results) {
    if (note !== undefined) console.log(`${noteMark}${note}`)
    if (!ok) console.log(`FAILED ${name}${detail === undefined ? "" : `\n${detail.trimEnd()}`}`)
  }
  const failed = results.filter((result) => !result.ok).length
  console.log(`${results.length - failed} passed, ${failed} failed`)
  process.exitCode = failed === 0 ? 0 : 1
}
