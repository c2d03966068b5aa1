import * as Context from "effect/Context"
export class HistoryStore extends Context.Service<HistoryStore, {}>()("opbus/history/HistoryStore") {}
