// The little of Node that the tests use, so that its types need not be installed.

declare module "node:test" {
  interface Mocked {
    mock: { timers: { enable(options: { apis: string[]; now?: number }): void; tick(milliseconds: number): void } }
  }
  export default function test(claim: string, check: (context: Mocked) => void | Promise<void>): void
}

declare module "node:assert/strict" {
  interface Assert {
    (value: unknown, message?: string): asserts value
    equal(is: unknown, wanted: unknown, message?: string): void
    notEqual(is: unknown, other: unknown, message?: string): void
    deepEqual(is: unknown, wanted: unknown, message?: string): void
    match(text: string, wanted: RegExp): void
    throws(act: () => unknown, wanted?: RegExp): void
  }
  const assert: Assert
  export default assert
}
