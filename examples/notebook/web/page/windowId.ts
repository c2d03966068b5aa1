/**
 * Who this window is: each window undoes its own work, so each has a name of its own, and keeps it.
 *
 * A reload finds the name in the session's storage. A duplicated tab has a copy of that, but the first tab holds the lock of
 * the name. A browser that was closed and opened again takes the first name of an earlier time that nobody holds.
 */

const mine = "notebook.window"
const everybodys = "notebook.windows"
const most = 50

/** The page that is being reloaded may not have let go yet. */
const patience = 1_000

export const takeWindowId = async (): Promise<string> => {
  const own = sessionStorage.getItem(mine)
  const id = own !== null && await hold(own, patience) ? own : await takeFree(known()) ?? await makeNew()
  sessionStorage.setItem(mine, id)
  return id
}

const known = (): ReadonlyArray<string> => {
  const ids: unknown = JSON.parse(localStorage.getItem(everybodys) ?? "[]")
  return Array.isArray(ids) ? ids.filter((id) => typeof id === "string") : []
}

const takeFree = async (ids: ReadonlyArray<string>): Promise<string | undefined> => {
  for (const id of ids) if (await hold(id)) return id
  return undefined
}

const makeNew = async (): Promise<string> => {
  const ids = known()
  const random = Array.from(crypto.getRandomValues(new Uint8Array(3)), (byte) => byte.toString(16).padStart(2, "0"))
  const id = `window-${ids.length + 1}-${random.join("")}`
  localStorage.setItem(everybodys, JSON.stringify([...ids, id].slice(-most)))
  await hold(id)
  return id
}

/** Tries to be the one who has this name, as long as the page lives. */
const hold = (id: string, waitMillis?: number): Promise<boolean> =>
  new Promise((resolve) => {
    const options = waitMillis === undefined ? { ifAvailable: true } : { signal: AbortSignal.timeout(waitMillis) }
    navigator.locks.request(`notebook.${id}`, options, (lock) => {
      resolve(lock !== null)
      return lock === null ? undefined : new Promise<never>(() => {})
    }).catch(() => resolve(false))
  })

/** "window-2-5f0c11" is "Window 2". */
export const windowName = (id: string | undefined): string => {
  const number = /^window-(\d+)-/.exec(id ?? "")?.[1]
  return number === undefined ? id ?? "somebody else" : `Window ${number}`
}
