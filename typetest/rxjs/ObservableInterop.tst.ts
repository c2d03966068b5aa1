import type * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Stream from "effect/Stream"
import type { Invocation, OperationInvoker } from "opbus/operation"
import { fromObservable, invocations$, type ObservableOverflow, toObservable } from "opbus/rxjs"
import type { Observable } from "rxjs"
import { expectType } from "../expectType.ts"

class Store extends Context.Service<Store, { readonly size: number }>()("Store") {}

declare const invoker: (typeof OperationInvoker)["Service"]
expectType<Observable<Invocation.Invocation>>()(invocations$(invoker))
expectType<Effect.Effect<Observable<Invocation.Invocation>, never, OperationInvoker>>()(invocations$())

declare const plain: Stream.Stream<number, Error>
declare const needy: Stream.Stream<number, Error, Store>
expectType<Observable<number>>()(toObservable(plain))
expectType<Observable<number>>()(toObservable(needy, { context: Context.make(Store, { size: 1 }) }))
// @ts-expect-error the stream's services are missing
toObservable(needy)
// @ts-expect-error here too
toObservable(needy, { onFailure: String })

declare const source: Observable<number>
expectType<Stream.Stream<number, Cause.UnknownError | ObservableOverflow>>()(fromObservable(source))
expectType<Stream.Stream<number, Cause.UnknownError>>()(fromObservable(source, { overflow: "dropOldest" }))
expectType<Stream.Stream<number, string | ObservableOverflow>>()(fromObservable(source, { onError: () => "no" }))
expectType<Stream.Stream<number, string>>()(fromObservable(source, { overflow: "dropNewest", onError: () => "no" }))
