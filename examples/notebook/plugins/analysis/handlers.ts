/**
 * How a text is analysed. This file and what it imports is all that is deployed, so it imports modules one by one.
 */
import * as Effect from "effect/Effect"
import { flesch } from "flesch"
import { polarity } from "polarity"
import { syllable } from "syllable"
import { AnalyzeText } from "./operations.ts"

const wordsPerMinute = 230

const words = new Intl.Segmenter("en", { granularity: "word" })
const sentences = new Intl.Segmenter("en", { granularity: "sentence" })

const hasWord = /[\p{L}\p{N}]/u

export default AnalyzeText.toLayer(({ text }) =>
  Effect.sync(() => {
    const found = Array.from(words.segment(text)).filter(({ isWordLike }) => isWordLike)
      .map(({ segment }) => segment.toLowerCase())
    const feeling = polarity(found)
    const strength = feeling.positivity - feeling.negativity
    const counts = {
      word: found.length,
      sentence: Math.max(1, Array.from(sentences.segment(text)).filter(({ segment }) => hasWord.test(segment)).length),
      syllable: Math.max(1, found.reduce((sum, word) => sum + syllable(word), 0))
    }
    return {
      sentiment: strength === 0 ? 0 : feeling.polarity / strength,
      words: counts.word,
      sentences: counts.word === 0 ? 0 : counts.sentence,
      readingSeconds: Math.ceil(60 * counts.word / wordsPerMinute),
      readingEase: counts.word === 0 ? 0 : flesch(counts)
    }
  })
)
