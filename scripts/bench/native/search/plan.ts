/** The search service beside minisearch: the same documents, the same terms, the same ranking, the same queries. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import MiniSearch from "minisearch"
import { termsOf } from "../../../../src/native/modules/search/engine/terms.ts"
import { type SearchCommands, SearchService } from "../../../../src/native/modules/search/SearchService.ts"
import * as NodeNativeModule from "../../../../src/node/NodeNativeModule.ts"
import { atLeast, type Case, type Figure, type Plan, time } from "../../harness/suite.ts"
import { kinds, type Note, notes, type Question, questions } from "./corpus.ts"

type Kind = keyof typeof kinds

const perKind = 200
/** Every query is run, none remembered. */
const options = { config: { cachedQueries: 0, budgetMb: 256 } }

const start = (layer: Layer.Layer<SearchService, unknown>): Promise<SearchCommands> =>
  Effect.gen(function*() {
    const context = yield* Layer.buildWithScope(layer, yield* Scope.make())
    return (yield* Effect.provide(SearchService, context)).commands
  }).pipe(Effect.orDie, Effect.runPromise)

const rust = () => start(SearchService.layerRust(options).pipe(Layer.provide(NodeNativeModule.layer())))
const typescript = () => start(SearchService.layerTypeScript(options))

const add = (commands: SearchCommands, all: ReadonlyArray<Note>) =>
  Effect.runPromise(commands.add({ documents: all.map(({ id, text, title }) => ({ id, fields: { title, text } })) }))

const filledMini = (all: ReadonlyArray<Note>) => {
  const mini = new MiniSearch({ fields: ["title", "text"], tokenize: termsOf, processTerm: (term) => term })
  mini.addAll(all)
  return mini
}

const askMini = (mini: MiniSearch, { combine, fuzzy, prefix, query }: Question) =>
  mini.search(query, { combineWith: combine === "and" ? "AND" : "OR", prefix, fuzzy })

const inTurn = (asked: ReadonlyArray<Question>, ask: (question: Question) => unknown): Case["run"] => {
  let next = 0
  return (count) => {
    for (let i = 0; i < count; i++) ask(asked[next++ % asked.length]!)
  }
}

/** How many queries have the same hits in the same order; those that two hits differ in only by rounding count apart. */
const agreement = (
  mini: MiniSearch,
  commands: SearchCommands,
  asked: ReadonlyArray<Question>
): { readonly same: number; readonly rounding: number } => {
  let [same, rounding] = [0, 0]
  for (const question of asked) {
    const theirs = askMini(mini, question)
    const { hits } = Effect.runSync(commands.query({ ...question, limit: 100_000 }))
    if (hits.length !== theirs.length) continue
    if (hits.every(({ id }, i) => id === theirs[i]!.id)) same++
    else if (hits.every(({ score }, i) => Math.abs(score - theirs[i]!.score) < 1e-12 * score)) rounding++
  }
  return { same, rounding }
}

export const queryPlan = async (): Promise<Plan> => {
  const all = notes()
  const mini = filledMini(all)
  const subjects = { TypeScript: await typescript(), Rust: await rust() }
  for (const commands of Object.values(subjects)) await add(commands, all)
  const names = Object.keys(kinds) as ReadonlyArray<Kind>
  const cases: Array<Case> = []
  const figures: Array<Figure> = []
  for (const kind of names) {
    const asked = questions(all, kind, perKind, 10)
    cases.push({ name: `minisearch: ${kind}`, run: inTurn(asked, (question) => askMini(mini, question)) })
    for (const [name, commands] of Object.entries(subjects)) {
      const { rounding, same } = agreement(mini, commands, asked)
      const ask = (question: Question) => Effect.runSync(commands.query(question))
      cases.push({ name: `${name}: ${kind}`, bytes: false, run: inTurn(asked, ask) })
      figures.push({
        label: `${name}: ${kind}, the same hits in the same order`,
        value: (same + rounding) / asked.length,
        unit: "ratio",
        budget: atLeast(1),
        note: `${same} of ${asked.length}${
          rounding === 0 ? "" : `, and ${rounding} but for two hits equal up to rounding`
        }`
      })
    }
  }
  const every = questions(all, "three words", perKind, 100_000)
  const ask = (question: Question) => Effect.runSync(subjects.Rust.query(question))
  cases.push({ name: "Rust: three words, every hit", bytes: false, run: inTurn(every, ask) })
  return {
    cases,
    comparisons: [
      ...names.map((kind) => time(`minisearch: ${kind}`, `Rust: ${kind}`, atLeast(5))),
      time("minisearch: three words", "Rust: three words, every hit"),
      ...names.map((kind) => time(`minisearch: ${kind}`, `TypeScript: ${kind}`))
    ],
    figures: () => Promise.resolve(figures)
  }
}

export const buildPlan = async (): Promise<Plan> => {
  const all = notes()
  const [inRust, inTypeScript] = [await rust(), await typescript()]
  const again = (commands: SearchCommands) => async (count: number) => {
    for (let i = 0; i < count; i++) {
      await Effect.runPromise(commands.clear({}))
      await add(commands, all)
    }
  }
  return {
    cases: [
      {
        name: "minisearch",
        maxBatch: 1,
        bytes: false,
        run: (count) => {
          for (let i = 0; i < count; i++) filledMini(all)
        }
      },
      { name: "TypeScript", maxBatch: 1, bytes: false, run: again(inTypeScript) },
      { name: "Rust", maxBatch: 1, bytes: false, run: again(inRust) }
    ],
    comparisons: [time("minisearch", "Rust"), time("minisearch", "TypeScript")]
  }
}
