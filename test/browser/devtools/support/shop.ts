/** A shop on another server, which can be down; calls to it are queued. */
import { Effect, Layer, ManagedRuntime, Schema } from "effect"
import { createServer } from "node:net"
import { Opbus, Operation } from "opbus"
import { OperationHttpServer } from "opbus/node"
import { OperationServer, ResultStore } from "opbus/remote"

class OutOfStock extends Schema.TaggedError<OutOfStock>()("OutOfStock", { item: Schema.String }) {}

export const Order = Operation.make({
  meta: { key: "shop.order", label: "Order" },
  input: Schema.Struct({ item: Schema.String }),
  output: Schema.Struct({ number: Schema.Int }),
  error: OutOfStock
})

/** A port that nobody listens on now. */
const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { readonly port: number }
      server.close(() => resolve(port))
    })
  })

export const makeShop = async () => {
  const port = await freePort()
  const stock = new Set(["tea", "milk"])
  const sold: Array<string> = []
  let runtime: ManagedRuntime.ManagedRuntime<OperationHttpServer.OperationHttpServer, unknown> | undefined
  const handler = Order.toLayer(({ item }) =>
    stock.has(item)
      ? Effect.sync(() => ({ number: sold.push(item) }))
      : Effect.fail(new OutOfStock({ item }))
  )
  const results = ResultStore.layerMemory()
  return {
    url: `http://127.0.0.1:${port}/rpc`,
    stock,
    /** What was really ordered, in order. */
    sold,
    open: async () => {
      runtime = ManagedRuntime.make(
        OperationHttpServer.layer({ port }).pipe(
          Layer.provide(OperationServer.layer({ expose: [Order] })),
          Layer.provide(results),
          Layer.provide(handler),
          Layer.provide(Opbus.layer)
        )
      )
      await runtime.context()
    },
    close: async () => {
      await runtime?.dispose()
      runtime = undefined
    }
  }
}
