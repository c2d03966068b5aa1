import { guardCases } from "./guards.ts"

guardCases("interpreted")
