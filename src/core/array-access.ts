/*
 * Array entries whose index the caller keeps in range. An index outside of the array is a defect: it throws, instead of becoming a 0 or a NaN
 * that travels on. Each array type has a function of its own, because a function that sees several types is compiled to slow generic code.
 *
 * The hottest loops, over pixels and over the samples of a planner, are faster without a call. They assert the lengths once, then read with
 * `as number`.
 */

/** @throws RangeError for an index outside of the array */
export function f32(values: Float32Array, index: number): number {
  const value = values[index];
  if (value === undefined) throw outside(values.length, index);
  return value;
}

/** @throws RangeError for an index outside of the array */
export function f64(values: Float64Array, index: number): number {
  const value = values[index];
  if (value === undefined) throw outside(values.length, index);
  return value;
}

/** @throws RangeError for an index outside of the array */
export function u8(values: Uint8Array, index: number): number {
  const value = values[index];
  if (value === undefined) throw outside(values.length, index);
  return value;
}

/** @throws RangeError for an index outside of the array */
export function u32(values: Uint32Array, index: number): number {
  const value = values[index];
  if (value === undefined) throw outside(values.length, index);
  return value;
}

/** @throws RangeError for an index outside of the array */
export function i32(values: Int32Array, index: number): number {
  const value = values[index];
  if (value === undefined) throw outside(values.length, index);
  return value;
}

/** @throws RangeError for an index outside of the array */
export function i64(values: BigInt64Array, index: number): bigint {
  const value = values[index];
  if (value === undefined) throw outside(values.length, index);
  return value;
}

/**
 * An entry of any array. For hot loops there are the functions above.
 *
 * @throws RangeError for an index outside of the array
 */
export function at<T>(values: ArrayLike<T>, index: number): T {
  const value = values[index];
  if (value === undefined) throw outside(values.length, index);
  return value;
}

/** @throws RangeError unless the array has exactly that many entries. @param what it holds, for the error */
export function assertLength(what: string, values: ArrayLike<unknown>, expected: number): void {
  if (values.length !== expected) {
    throw new RangeError(`${what}: found ${values.length} entries, expected ${expected}`);
  }
}

/** @throws RangeError unless the array has at least that many entries. @param what it holds, for the error */
export function assertRoom(what: string, values: ArrayLike<unknown>, min: number): void {
  if (values.length < min) {
    throw new RangeError(`${what}: found ${values.length} entries, expected at least ${min}`);
  }
}

/** @throws RangeError unless the array is a whole number of blocks of that size. @param what it holds, for the error */
export function assertMultiple(what: string, values: ArrayLike<unknown>, block: number): void {
  if (values.length % block !== 0) {
    throw new RangeError(`${what}: found ${values.length} entries, expected a multiple of ${block}`);
  }
}

function outside(length: number, index: number): RangeError {
  return new RangeError(`index ${index} of an array of ${length} entries`);
}
