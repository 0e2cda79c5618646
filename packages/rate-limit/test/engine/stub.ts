/** Does nothing: the tests that it passes say nothing about anybody. */
export default async function nothing(): Promise<void> {}

Object.assign(globalThis, { slept() {} });
Object.assign(nothing, {
  [Symbol.for("skip-override")]: true,
  default: nothing,
});
