/**
 * Writes what minisearch finds, for the test that compares: `node --conditions=opbus-source
 * scripts/bench/native/search/golden.ts`, after `npm ci --prefix scripts/bench`.
 */
import MiniSearch from "minisearch"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { termsOf } from "../../../../src/native/modules/search/engine/terms.ts"
import { corpus, type GoldenCase, questionsOf } from "../../../../test/native/search/goldenCorpus.ts"
import { root } from "../../../shared/command.ts"

const documents = corpus()
const mini = new MiniSearch({ fields: ["title", "text"], tokenize: termsOf, processTerm: (term) => term })
mini.addAll(documents)
for (const { id } of documents.slice(0, 20)) mini.remove(documents.find((one) => one.id === id)!)

const cases = questionsOf(documents).map((question): GoldenCase => {
  const found = mini.search(question.query, {
    combineWith: question.combine === "and" ? "AND" : "OR",
    prefix: question.prefix,
    fuzzy: question.fuzzy,
    ...(question.fields === undefined ? {} : { fields: [...question.fields] }),
    ...(question.boost === undefined ? {} : { boost: question.boost })
  })
  return { question, total: found.length, hits: found.slice(0, 10).map(({ id, score }) => [id, score]) }
})
const file = join(root, "test/native/search/minisearch.json")
writeFileSync(file, `[\n${cases.map((one) => JSON.stringify(one)).join(",\n")}\n]\n`)
console.log(`${cases.length} queries, ${cases.filter(({ total }) => total > 0).length} of them with hits.`)
