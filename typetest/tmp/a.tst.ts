import * as Schema from "effect/Schema"
import { Operation, OperationGroup } from "opbus/operation"
const Create = Operation.make({ meta: { key: "note.create" }, input: Schema.String, output: Schema.Number })
const Rename = Operation.make({ meta: { key: "note.rename" }, input: Schema.String, output: Schema.Void })
const CreateAgain = Operation.make({ meta: { key: "note.create" }, input: Schema.Number, output: Schema.Number })
OperationGroup.make(Create, Rename, CreateAgain)
OperationGroup.make(Create, Rename, Create)
const g = OperationGroup.make(Create, Rename)
g.add(Create)
g.add(CreateAgain)
g.add(Operation.make({ meta: { key: "x" }}))
g.merge(OperationGroup.make(Create))
const both: OperationGroup.OperationGroup<typeof Create | typeof Rename> = OperationGroup.make(Create).merge(OperationGroup.make(Rename))
void both
