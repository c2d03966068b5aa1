/**
 * How notes are changed and found.
 */
import { Effect } from "effect"
import { Digest } from "effect/crypto"
import { DatabaseService, getCollection, getNote } from "../../DatabaseService.ts"
import { fingerprintOf, makeId, normalTags, type Note, NoteChanged, NoteNotFound } from "../../model.ts"
import { Notes } from "./operations.ts"

const update = (id: string, change: (note: Note) => Partial<Note>) =>
  Effect.gen(function*() {
    const db = yield* DatabaseService
    const note = yield* getNote(id)
    yield* db.add({ ...note, ...change(note) })
    return note
  })

/** Replaces a text, unless somebody else has done so since it was read. */
const replace = (
  field: "title" | "body",
  { id, replaces }: { readonly id: string; readonly replaces?: string },
  text: string
) =>
  Effect.gen(function*() {
    const db = yield* DatabaseService
    const note = yield* getNote(id)
    if (replaces !== undefined && replaces !== fingerprintOf(note[field])) return yield* new NoteChanged({ id })
    yield* db.add({ ...note, [field]: text })
  })

/** All of them, in the order asked for. */
const getNotes = (ids: ReadonlyArray<string>) =>
  Effect.gen(function*() {
    const db = yield* DatabaseService
    const found = new Map((yield* db.query({ type: "note", ids })).map((note) => [note.id, note]))
    return yield* Effect.forEach(ids, (id) => {
      const note = found.get(id)
      return note === undefined ? Effect.fail(new NoteNotFound({ id })) : Effect.succeed(note)
    })
  })

export const NotesHandlers = Notes.toLayer({
  "note.create": ({ body = "", collection, id, tags = [], title }) =>
    Effect.gen(function*() {
      const db = yield* DatabaseService
      if (collection !== undefined) yield* getCollection(collection)
      const note: Note = {
        type: "note",
        id: id ?? (yield* makeId),
        title,
        body,
        tags: normalTags(tags),
        collection: collection ?? null,
        source: null
      }
      yield* db.add(note)
      return { id: note.id }
    }),

  "note.rename": (input) => replace("title", input, input.title),

  "note.write": (input) => replace("body", input, input.body),

  "note.tag": ({ add = [], id, remove = [] }) =>
    Effect.map(
      update(id, ({ tags }) => ({ tags: normalTags([...tags, ...add]).filter((tag) => !remove.includes(tag)) })),
      ({ tags }) => ({
        added: normalTags(add).filter((tag) => !tags.includes(tag) && !remove.includes(tag)),
        removed: normalTags(remove).filter((tag) => tags.includes(tag))
      })
    ),

  "note.move": ({ collection, id }) =>
    Effect.gen(function*() {
      if (collection !== null) yield* getCollection(collection)
      yield* update(id, () => ({ collection }))
    }),

  "note.merge": ({ from, into }) =>
    Effect.gen(function*() {
      const db = yield* DatabaseService
      const [target, ...others] = yield* getNotes([into, ...from.filter((id) => id !== into)])
      yield* db.change({
        add: [{
          ...target!,
          body: [target!, ...others].map((note) => note.body).join("\n\n"),
          tags: normalTags([target!, ...others].flatMap((note) => note.tags))
        }],
        remove: others.map((note) => note.id)
      })
    }),

  "note.delete": ({ ids }) =>
    Effect.gen(function*() {
      const db = yield* DatabaseService
      yield* getNotes(ids)
      yield* db.change({ remove: ids })
    }),

  "note.restore": ({ notes }) => DatabaseService.use((db) => db.change({ add: notes })),

  "note.read": ({ id }) => getNote(id),

  "note.find": (filter) =>
    Effect.gen(function*() {
      const db = yield* DatabaseService
      const notes = yield* db.query({ type: "note", ...filter })
      return notes.map(({ body, collection, id, source, tags, title }) => ({
        id,
        title,
        tags,
        collection,
        source,
        characters: body.length
      }))
    }),

  "notebook.fingerprint": () =>
    Effect.gen(function*() {
      const db = yield* DatabaseService
      const digest = yield* Digest.Digest
      const collections = yield* db.query({ type: "collection" })
      const notes = yield* db.query({ type: "note" })
      const canonical = JSON.stringify([
        collections.map(({ id, name }) => [id, name]),
        notes.map(({ body, collection, id, source, tags, title }) => [id, title, body, tags, collection, source])
      ])
      return {
        sha256: yield* digest.digestHex(Digest.sha256, new TextEncoder().encode(canonical)),
        notes: notes.length,
        collections: collections.length,
        tags: new Set(notes.flatMap((note) => note.tags)).size
      }
    })
})
