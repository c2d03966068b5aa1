/**
 * What is on the screen: state that changes within one tick, so its operations are synchronous.
 */
import { Schema } from "effect"
import { Operation, OperationGroup } from "opbus"

export const LayoutMode = Schema.Literals(["list", "deck", "solo"])

export class SetLayoutMode extends Operation.make({
  meta: { key: "layout.setMode", label: "Set layout mode" },
  executionMode: "sync",
  input: Schema.Struct({ mode: LayoutMode })
}) {}

export class ShowToast extends Operation.make({
  meta: { key: "toast.show", label: "Show a message" },
  executionMode: "sync",
  input: Schema.Struct({ message: Schema.String })
}) {}

export const Workspace = OperationGroup.make(SetLayoutMode, ShowToast)
