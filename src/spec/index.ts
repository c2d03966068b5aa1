/**
 * Specs and what is made of them: the format, the compiler, its adapters; audit, reverse and enforce.
 *
 * @since 0.1.0
 */
export * as AdapterError from "./AdapterError.ts"
export * as AdapterLoader from "./AdapterLoader.ts"
export * as AdapterRegistry from "./AdapterRegistry.ts"
export * as BreakingChange from "./BreakingChange.ts"
export * as CommandSpec from "./CommandSpec.ts"
export * as ConformanceAudit from "./ConformanceAudit.ts"
export * as FileChange from "./FileChange.ts"
export * as FileHeader from "./FileHeader.ts"
export * as FileWriter from "./FileWriter.ts"
export type { GeneratedFile } from "./GeneratedFile.ts"
export type { GeneratorAdapter, GeneratorContext } from "./GeneratorAdapter.ts"
export * as GeneratorConfig from "./GeneratorConfig.ts"
export * as GeneratorOperations from "./GeneratorOperations.ts"
export * as NamingConventions from "./render/NamingConventions.ts"
export * as ReverseEngineer from "./ReverseEngineer.ts"
export * as SourceParser from "./SourceParser.ts"
export * as SpecCompiler from "./SpecCompiler.ts"
export * as SpecEnforcer from "./SpecEnforcer.ts"
export * as SpecError from "./SpecError.ts"
export type * as SpecIr from "./SpecIr.ts"
export * as SpecReader from "./SpecReader.ts"
export * as SpecValidator from "./SpecValidator.ts"
export * as TypeGrammar from "./TypeGrammar.ts"
export * as TypeRegistry from "./TypeRegistry.ts"
