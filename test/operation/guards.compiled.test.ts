import "opbus/jit"
import { guardCases } from "./guards.ts"

guardCases("compiled")
