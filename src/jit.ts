/**
 * Turns on compiled schemas: `import "opbus/jit"`, before anything else.
 *
 * Validation becomes several times faster. Where `new Function` is blocked, the interpreter goes on as before; in a
 * browser with a content security policy the attempt is reported.
 *
 * @since 0.1.0
 */
import "effect/schema/SchemaJITCompiler/enable"
