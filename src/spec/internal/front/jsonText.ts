import { maxJsonDepth, maxSourceLength } from "./limits.ts"

/**
 * Reads JSON, and says where everything stood in the text.
 *
 * The platform's reader takes the last of two equal keys without a word, says where it stopped in a way that differs between
 * engines, and knows no places.
 *
 * @internal
 */
export type JsonText =
  | { readonly _tag: "Value"; readonly value: unknown; readonly places: Place }
  | { readonly _tag: "Problem"; readonly offset: number; readonly path: Path; readonly message: string }

type Path = ReadonlyArray<string | number>

/** Where a value starts, and where its parts do. @internal */
export interface Place {
  readonly offset: number
  readonly parts?: ReadonlyMap<string | number, Place>
}

/** @internal */
export const parseJson = (text: string): JsonText => {
  if (text.length > maxSourceLength) {
    return problem(0, [], `the file is larger than ${maxSourceLength} characters: a spec says one command`)
  }
  const reader: Reader = { text, at: text.charCodeAt(0) === 0xfeff ? 1 : 0, path: [], failed: undefined }
  const root = value(reader, 0)
  if (reader.failed === undefined) {
    skip(reader)
    if (reader.at < text.length) fail(reader, "there is more text after the end of the JSON")
  }
  return reader.failed ?? { _tag: "Value", value: root.value, places: root.place }
}

/** The place of a path, or of the nearest thing around it. @internal */
export const placeOf = (places: Place, path: Path): number => {
  let place = places
  for (const part of path) {
    const inner = place.parts?.get(part)
    if (inner === undefined) break
    place = inner
  }
  return place.offset
}

/** Line and column, from 1. @internal */
export const lineOf = (text: string, offset: number): { readonly line: number; readonly column: number } => {
  let line = 1
  let start = 0
  for (let at = text.indexOf("\n"); at >= 0 && at < offset; at = text.indexOf("\n", at + 1)) {
    line++
    start = at + 1
  }
  return { line, column: offset - start + 1 }
}

// ---------------------------------------------------------------------------
// reader
// ---------------------------------------------------------------------------

interface Reader {
  readonly text: string
  at: number
  readonly path: Array<string | number>
  failed: Extract<JsonText, { _tag: "Problem" }> | undefined
}

interface Read {
  readonly value: unknown
  readonly place: Place
}

const problem = (offset: number, path: Path, message: string): Extract<JsonText, { _tag: "Problem" }> => ({
  _tag: "Problem",
  offset,
  path: [...path],
  message
})

/** Only the first failure counts: what follows is a consequence of it. */
const fail = (reader: Reader, message: string, offset = reader.at): undefined => {
  reader.failed ??= problem(offset, reader.path, message)
  return undefined
}

const skip = (reader: Reader): void => {
  while (true) {
    const code = reader.text.charCodeAt(reader.at)
    if (code !== 32 && code !== 10 && code !== 13 && code !== 9) return
    reader.at++
  }
}

const value = (reader: Reader, depth: number): Read => {
  skip(reader)
  const offset = reader.at
  const character = reader.text[offset]
  switch (character) {
    case "{":
      return object(reader, offset, depth)
    case "[":
      return array(reader, offset, depth)
    case "\"":
      return { value: string(reader), place: { offset } }
    case "t":
      return keyword(reader, "true", true, offset)
    case "f":
      return keyword(reader, "false", false, offset)
    case "n":
      return keyword(reader, "null", null, offset)
    case undefined:
      fail(reader, "the text ends where a value should be")
      break
    case "/":
      fail(reader, "JSON has no comments: use a \"description\"")
      break
    case "'":
      fail(reader, "strings stand in double quotes")
      break
    default:
      return number(reader, offset)
  }
  return { value: undefined, place: { offset } }
}

const keyword = (reader: Reader, word: string, value: unknown, offset: number): Read => {
  if (reader.text.startsWith(word, offset)) reader.at += word.length
  else fail(reader, `this is no JSON value: ${JSON.stringify(wordAt(reader))}`)
  return { value, place: { offset } }
}

const wordAt = (reader: Reader): string =>
  /^[\w$.+-]{0,20}/.exec(reader.text.slice(reader.at))?.[0] || reader.text[reader.at]!

const numberPattern = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y

const number = (reader: Reader, offset: number): Read => {
  numberPattern.lastIndex = offset
  const text = numberPattern.exec(reader.text)?.[0]
  if (text === undefined) {
    fail(reader, `this is no JSON value: ${JSON.stringify(wordAt(reader))}`)
    return { value: undefined, place: { offset } }
  }
  reader.at += text.length
  const value = Number(text)
  if (!Number.isFinite(value)) fail(reader, "the number is too large", offset)
  return { value, place: { offset } }
}

const string = (reader: Reader): string => {
  const start = reader.at++
  while (reader.failed === undefined) {
    skipPlain(reader)
    switch (reader.text[reader.at]) {
      case "\"":
        return unescape(reader, start, ++reader.at)
      case "\\":
        reader.at += 2
        break
      case undefined:
        fail(reader, "the string that starts here is not closed", start)
        break
      default:
        fail(reader, "the string is not closed on its line, or holds a control character: write \\n or \\u0000")
    }
  }
  return ""
}

/** To the next quote, backslash or control character. */
const skipPlain = (reader: Reader): void => {
  for (; reader.at < reader.text.length; reader.at++) {
    const code = reader.text.charCodeAt(reader.at)
    if (code === 34 || code === 92 || code < 32) return
  }
}

const unescape = (reader: Reader, start: number, end: number): string => {
  const raw = reader.text.slice(start + 1, end - 1)
  if (!raw.includes("\\")) return whole(reader, raw, start)
  const wrong = /\\(?!["\\/bfnrt]|u[0-9a-fA-F]{4})/.exec(raw.replace(/\\\\/g, "  "))
  if (wrong !== null) {
    fail(reader, "this escape is not known to JSON", start + 1 + wrong.index)
    return ""
  }
  return whole(reader, JSON.parse(`"${raw}"`) as string, start)
}

const whole = (reader: Reader, value: string, start: number): string => {
  if (!value.isWellFormed()) {
    fail(reader, "the string holds half of a character: write both parts of the surrogate pair", start)
  }
  return value
}

const array = (reader: Reader, offset: number, depth: number): Read => {
  const items: Array<unknown> = []
  const parts = new Map<string | number, Place>()
  if (!enter(reader, depth)) return { value: items, place: { offset } }
  skip(reader)
  if (reader.text[reader.at] === "]") reader.at++
  else {
    do {
      reader.path.push(items.length)
      const item = value(reader, depth + 1)
      if (reader.failed !== undefined) break
      reader.path.pop()
      parts.set(items.length, item.place)
      items.push(item.value)
    } while (more(reader, "]"))
  }
  return { value: items, place: { offset, parts } }
}

const object = (reader: Reader, offset: number, depth: number): Read => {
  const found: Record<string, unknown> = {}
  const parts = new Map<string | number, Place>()
  const read = (): Read => ({ value: found, place: { offset, parts } })
  if (!enter(reader, depth)) return read()
  skip(reader)
  if (reader.text[reader.at] === "}") {
    reader.at++
    return read()
  }
  do {
    skip(reader)
    const start = reader.at
    if (reader.text[start] !== "\"") {
      fail(
        reader,
        reader.text[start] === "/"
          ? "JSON has no comments: use a \"description\""
          : "a key in double quotes is expected here"
      )
      break
    }
    const key = string(reader)
    if (reader.failed !== undefined) break
    reader.path.push(key)
    if (parts.has(key)) fail(reader, `the key ${JSON.stringify(key)} stands twice in this object`, start)
    if (key === "__proto__") fail(reader, "the key \"__proto__\" is not allowed", start)
    skip(reader)
    if (reader.text[reader.at] !== ":") fail(reader, "\":\" is expected here")
    reader.at++
    const item = reader.failed === undefined ? value(reader, depth + 1) : undefined
    if (item === undefined || reader.failed !== undefined) break
    reader.path.pop()
    parts.set(key, item.place)
    found[key] = item.value
  } while (more(reader, "}"))
  return read()
}

const enter = (reader: Reader, depth: number): boolean => {
  if (depth >= maxJsonDepth) fail(reader, `the JSON is nested deeper than ${maxJsonDepth} levels`)
  reader.at++
  return reader.failed === undefined
}

/** After an item: whether another one follows. */
const more = (reader: Reader, close: string): boolean => {
  skip(reader)
  const character = reader.text[reader.at]
  if (character === close) {
    reader.at++
    return false
  }
  if (character !== ",") {
    fail(reader, `"," or "${close}" is expected here`)
    return false
  }
  const comma = reader.at++
  skip(reader)
  if (reader.text[reader.at] === close) {
    fail(reader, "JSON has no comma after the last item", comma)
    return false
  }
  return true
}
