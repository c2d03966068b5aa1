import * as LibsqlClient from "opbus/sql/LibsqlClient"
import { suite } from "./suite.ts"
import { layerFile } from "./support.ts"

suite("LibsqlClient on a file", layerFile())
suite("LibsqlClient in memory", LibsqlClient.layer({ url: ":memory:" }))
