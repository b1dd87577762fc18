/**
 * The last values of several quantities over time, as plots take them: typed arrays that are written in place. Each column has room for twice
 * the capacity; when it is full, the newest half moves to the front. So adding is cheap, and what is read lies in one piece.
 */
export class History {
  readonly #capacity: number;
  readonly #columns: readonly Float64Array[];
  #start = 0;
  #end = 0;

  /**
   * @param quantities columns besides the time
   * @param capacity entries that are kept
   */
  constructor(quantities: number, capacity: number) {
    if (!(quantities >= 0 && capacity >= 1)) throw new RangeError('a history needs room for one entry');
    this.#capacity = capacity;
    this.#columns = Array.from({ length: quantities + 1 }, () => new Float64Array(2 * capacity));
  }

  /** Entries that are kept now. */
  get length(): number {
    return this.#end - this.#start;
  }

  /** Time of the newest entry [s]; NaN while there is none. */
  get newestS(): number {
    return this.length === 0 ? NaN : (this.#columns[0]?.[this.#end - 1] ?? NaN);
  }

  /**
   * Adds an entry. One that is not newer than the last replaces the history: the clock went back, or the recording starts anew.
   *
   * @param timeS time [s]
   * @param values one for each quantity; missing ones and those that are not finite count as not known
   */
  push(timeS: number, values: ArrayLike<number | undefined>): void {
    if (this.length > 0 && !(timeS > this.newestS)) {
      if (timeS === this.newestS) return;
      this.clear();
    }
    if (this.#end === 2 * this.#capacity) this.#compact();
    for (const [index, column] of this.#columns.entries()) {
      const value = index === 0 ? timeS : values[index - 1];
      column[this.#end] = value === undefined || !Number.isFinite(value) ? NaN : value;
    }
    this.#end += 1;
    if (this.length > this.#capacity) this.#start += 1;
  }

  clear(): void {
    this.#start = 0;
    this.#end = 0;
  }

  /** Times [s], oldest first. The array shares the memory of the history: it holds until the next `push`. */
  times(sinceS = -Infinity): Float64Array {
    return this.#slice(0, sinceS);
  }

  /** One quantity, in the order of `times(sinceS)`; NaN where it is not known. It holds until the next `push`. */
  column(quantity: number, sinceS = -Infinity): Float64Array {
    return this.#slice(quantity + 1, sinceS);
  }

  /** The newest value of a quantity; NaN while there is none. */
  newest(quantity: number): number {
    return this.length === 0 ? NaN : (this.#columns[quantity + 1]?.[this.#end - 1] ?? NaN);
  }

  #slice(index: number, sinceS: number): Float64Array {
    const column = this.#columns[index];
    if (column === undefined) throw new RangeError(`there is no column ${String(index)}`);
    return column.subarray(this.#firstSince(sinceS), this.#end);
  }

  /** Index of the first entry that is not older; by bisection. */
  #firstSince(sinceS: number): number {
    const times = this.#columns[0];
    let low = this.#start;
    let high = this.#end;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((times?.[middle] ?? Infinity) < sinceS) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #compact(): void {
    for (const column of this.#columns) column.copyWithin(0, this.#start, this.#end);
    this.#end -= this.#start;
    this.#start = 0;
  }
}
