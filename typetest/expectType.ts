/** Whether two types are the same; `any` equals only itself. */
export type Equals<A, B> = (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2) ? true : false

/** Compiles only when the value's type is exactly the expected one; the error names both. */
export declare const expectType: <Expected>() => <Actual>(
  value: Actual,
  ...difference: Equals<Actual, Expected> extends true ? [] : [{ readonly expected: Expected; readonly actual: Actual }]
) => void
