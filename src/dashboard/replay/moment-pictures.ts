/**
 * Pictures of the moments of a replay, within a bound of memory. Where there are too many, every second moment loses its own, and shows the one
 * before it.
 */
export class MomentPictures {
  readonly #maxBytes: number;
  /** By moment and camera. */
  readonly #pictures = new Map<number, Map<number, Uint8Array<ArrayBuffer>>>();
  #bytes = 0;
  #every = 1;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** @param moment index from 0, in any order */
  add(moment: number, camera: number, jpeg: Uint8Array<ArrayBuffer>): void {
    if (moment % this.#every !== 0) return;
    const cameras = this.#pictures.get(moment) ?? new Map<number, Uint8Array<ArrayBuffer>>();
    this.#pictures.set(moment, cameras.set(camera, jpeg));
    this.#bytes += jpeg.length;
    while (this.#bytes > this.#maxBytes && this.#pictures.size > 1) this.#thin();
  }

  /** A JPEG; null: there is none. */
  at(moment: number, camera: number): Uint8Array<ArrayBuffer> | null {
    return this.#pictures.get(moment - (moment % this.#every))?.get(camera) ?? null;
  }

  #thin(): void {
    this.#every *= 2;
    for (const [moment, cameras] of this.#pictures) {
      if (moment % this.#every === 0) continue;
      for (const { length } of cameras.values()) this.#bytes -= length;
      this.#pictures.delete(moment);
    }
  }
}
