import { parseSync, Visitor } from "oxc-parser"

/** A place on a page: what an error message points to. */
export interface Place {
  readonly page: string
  readonly line: number
}

/** A module made of one fence and the fences that continue it. */
export interface Doctest {
  readonly place: Place
  readonly run: boolean
  /** It has JSX in it. */
  readonly jsx: boolean
  readonly code: string
  /** The place of every line of `code`. */
  readonly lines: ReadonlyArray<Place>
}

/** Something wrong with the page itself: an unknown word after the fence, an assertion that belongs to nothing. */
export interface Problem {
  readonly place: Place
  readonly message: string
}

interface Fence {
  readonly place: Place
  readonly jsx: boolean
  readonly words: ReadonlyArray<string>
  readonly lines: ReadonlyArray<string>
}

/** The TypeScript fences of a Markdown page, or of the JSDoc comments of a module when `jsdoc` is set. */
const fencesOf = (page: string, text: string, jsdoc: boolean): ReadonlyArray<Fence> => {
  const opening = jsdoc ? /^(\s*\* ?)```ts(x?)( .*)?$/ : /^( {0,3}|\s*[-*\d.]* *)```ts(x?)( .*)?$/
  const fences: Array<Fence> = []
  let open: { indent: number; jsx: boolean; words: Array<string>; line: number; lines: Array<string> } | undefined
  for (const [index, line] of text.split("\n").entries()) {
    if (open === undefined) {
      const match = opening.exec(line)
      const words = (match?.[3] ?? "").split(/\s+/).filter((word) => word !== "")
      if (match === null || (jsdoc && !words.includes("import.meta.vitest"))) continue
      open = { indent: match[1]!.length, jsx: match[2] === "x", words, line: index + 1, lines: [] }
    } else if (/^\s*(\* ?)?```\s*$/.test(line)) {
      fences.push({ place: { page, line: open.line }, jsx: open.jsx, words: open.words, lines: open.lines })
      open = undefined
    } else {
      open.lines.push(line.slice(Math.min(open.indent, line.length)))
    }
  }
  return fences
}

/** The doctests of a page, and what is wrong with it. */
export const doctestsOf = (
  page: string,
  text: string
): { readonly doctests: ReadonlyArray<Doctest>; readonly problems: ReadonlyArray<Problem> } => {
  const doctests: Array<Doctest> = []
  const problems: Array<Problem> = []
  for (const { jsx, lines, place, words } of fencesOf(page, text, page.endsWith(".ts"))) {
    const unknown = words.find((word) => !["no-run", "continue", "import.meta.vitest"].includes(word))
    if (unknown !== undefined) problems.push({ place, message: `"${unknown}" is no word of a ts fence` })
    const places = lines.map((_, index) => ({ page, line: place.line + 1 + index }))
    const run = !words.includes("no-run")
    if (!words.includes("continue")) {
      doctests.push({ place, run, jsx, code: lines.join("\n"), lines: places })
      continue
    }
    const previous = doctests.pop()
    if (previous === undefined) {
      problems.push({ place, message: "there is no fence to continue" })
    } else {
      doctests.push({
        place: previous.place,
        run: previous.run && run,
        jsx: previous.jsx || jsx,
        code: `${previous.code}\n${lines.join("\n")}`,
        lines: [...previous.lines, ...places]
      })
    }
  }
  return { doctests, problems }
}

interface Statement {
  /** Where the checked expression starts and ends. */
  readonly start: number
  readonly end: number
  /** Where its statement ends. */
  readonly statementEnd: number
  /** The declared name, when the statement declares one. */
  readonly name: string | undefined
}

/**
 * Turns `expression // => expected` into an assertion, without moving a line. The expected value goes on in the comment
 * lines below when they are indented: `//    …`. `const name = … // => expected` checks the name, `console.log(value)`
 * what it prints.
 */
export const assertionsOf = (
  doctest: Doctest
): { readonly code: string; readonly problems: ReadonlyArray<Problem> } => {
  const { code, jsx, lines } = doctest
  const { comments, errors, program } = parseSync(jsx ? "doctest.tsx" : "doctest.ts", code)
  // A page that does not parse is reported by the compiler, with its line.
  if (errors.length > 0) return { code, problems: [] }

  const statements: Array<Statement> = []
  new Visitor({
    ExpressionStatement({ end, expression }) {
      const logged = expression.type === "CallExpression" && expression.arguments.length === 1 &&
          code.startsWith("console.log(", expression.start)
        ? expression.arguments[0]!
        : expression
      statements.push({ start: logged.start, end: logged.end, statementEnd: end, name: undefined })
    },
    VariableDeclaration({ declarations, end }) {
      const declaration = declarations.at(-1)!
      if (declaration.id.type === "Identifier" && declaration.init !== null) {
        const { init } = declaration
        statements.push({ start: init.start, end: init.end, statementEnd: end, name: declaration.id.name })
      }
    }
  }).visit(program)

  const problems: Array<Problem> = []
  const inserts: Array<{ readonly at: number; readonly text: string }> = []
  const lineOf = (offset: number) => code.slice(0, offset).split("\n").length - 1
  for (const [index, comment] of comments.entries()) {
    if (comment.type !== "Line" || !comment.value.startsWith(" =>")) continue
    const place = lines[lineOf(comment.start)]!
    let expected = comment.value.slice(3)
    for (const next of comments.slice(index + 1)) {
      const alone = /\n *$/.test(code.slice(0, next.start))
      if (next.type !== "Line" || !next.value.startsWith("   ") || !alone) break
      expected += ` ${next.value.trim()}`
    }
    const statement = statements
      .filter(({ statementEnd }) =>
        statementEnd <= comment.start && /^[ \t;]*$/.test(code.slice(statementEnd, comment.start))
      )
      .sort((a, b) => b.start - a.start)[0]
    if (statement === undefined) {
      problems.push({ place, message: "no expression or declaration ends before this `// =>`" })
      continue
    }
    if (parseSync("expected.ts", `(${expected})`).errors.length > 0) {
      problems.push({ place, message: `\`${expected.trim()}\` is no expression` })
      continue
    }
    const at = JSON.stringify(`${place.page}:${place.line}`)
    if (statement.name === undefined) {
      inserts.push({ at: statement.start, text: "$equal((" })
      inserts.push({ at: statement.end, text: `), (${expected}), ${at})` })
    } else {
      inserts.push({ at: statement.statementEnd, text: `; $equal(${statement.name}, (${expected}), ${at})` })
    }
  }
  let out = ""
  let from = 0
  for (const { at, text } of inserts.sort((a, b) => a.at - b.at)) {
    out += code.slice(from, at) + text
    from = at
  }
  return { code: out + code.slice(from), problems }
}
