import type { Page } from "playwright-core"

/** How long frames took, in milliseconds. */
export interface Frames {
  readonly count: number
  readonly median: number
  readonly p95: number
  readonly max: number
}

interface Probe {
  deltas: Array<number>
  recording: boolean
}

const statistics = (deltas: ReadonlyArray<number>): Frames => {
  const sorted = deltas.toSorted((a, b) => a - b)
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
  const rounded = (value: number) => Math.round(value * 10) / 10
  return {
    count: sorted.length,
    median: rounded(at(0.5)),
    p95: rounded(at(0.95)),
    max: rounded(sorted.at(-1) ?? Number.NaN)
  }
}

/** Times the frames that the page shows while something is done with it: from one `requestAnimationFrame` to the next. */
export const framesDuring = async (page: Page, action: () => Promise<unknown>): Promise<Frames> => {
  const probe = await page.evaluateHandle(() => {
    const probe: Probe = { deltas: [], recording: true }
    let last: number | undefined
    const frame = (now: number) => {
      if (!probe.recording) return
      if (last !== undefined) probe.deltas.push(now - last)
      last = now
      requestAnimationFrame(frame)
    }
    requestAnimationFrame(frame)
    return probe
  })
  await action()
  const deltas = await probe.evaluate((probe) => {
    probe.recording = false
    return probe.deltas
  })
  await probe.dispose()
  return statistics(deltas)
}

/** Lets the page show so many frames. */
export const showFrames = (page: Page, count: number): Promise<void> =>
  page.evaluate((count) =>
    new Promise<void>((resolve) => {
      let left = count
      const frame = () => left-- > 0 ? requestAnimationFrame(frame) : resolve()
      frame()
    }), count)

/** How long a person waited, in milliseconds, from each input until the page had shown its answer. */
export const answersDuring = async (page: Page, action: () => Promise<unknown>): Promise<ReadonlyArray<number>> => {
  const probe = await page.evaluateHandle(() => {
    const waited: Array<number> = []
    const answered = ({ timeStamp }: Event) => {
      // After the frame that shows it: the task behind the next one's callbacks.
      requestAnimationFrame(() => {
        const channel = new MessageChannel()
        channel.port1.addEventListener("message", () => {
          waited.push(performance.now() - timeStamp)
          channel.port1.close()
        })
        channel.port1.start()
        channel.port2.postMessage(undefined)
      })
    }
    addEventListener("click", answered, { capture: true })
    return { waited, end: () => removeEventListener("click", answered, { capture: true }) }
  })
  await action()
  await showFrames(page, 3)
  const waited = await probe.evaluate(({ end, waited }) => {
    end()
    return waited
  })
  await probe.dispose()
  return waited
}
