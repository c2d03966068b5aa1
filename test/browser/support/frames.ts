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

/**
 * Times frames in each of which the page does the same work, that fills most of one on a machine with nothing else to do.
 * How late they come says how much of the machine others take: an idle page is on time also where a page that works is not.
 */
export const framesOfWork = async (page: Page, count: number): Promise<Frames> =>
  statistics(
    await page.evaluate((count) => {
      const work = (steps: number): number => {
        let value = 1
        for (let i = 0; i < steps; i++) value = Math.imul(value ^ i, 0x9e3779b1)
        return value
      }
      const trial = 1_000_000
      // What it takes undisturbed: the shortest of several.
      const took = Array.from({ length: 10 }, () => {
        const start = performance.now()
        work(trial)
        return performance.now() - start
      })
      const steps = trial * 10 / Math.max(0.1, Math.min(...took))
      return new Promise<Array<number>>((resolve) => {
        const deltas: Array<number> = []
        let last: number | undefined
        const frame = (now: number) => {
          if (last !== undefined) deltas.push(now - last)
          last = now
          if (deltas.length === count) return resolve(deltas)
          work(steps)
          requestAnimationFrame(frame)
        }
        requestAnimationFrame(frame)
      })
    }, count)
  )

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
