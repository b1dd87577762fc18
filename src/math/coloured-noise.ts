/**
 * Noise whose power falls with frequency as `1 / f^beta` along time (Timmer and König 1995), as iCEM samples with (Pinneri et al.
 * 2020): successive actions agree more, so that samples move the robot instead of shaking it. Beta 0 is white, 1 pink, 2 red
 * (Brownian). The zero frequency gets the power of the lowest other one.
 *
 * Sequences are periodic and stationary, and every value of a colour has variance 1 over the samples: a deviation means the same
 * whatever the colour. (The iCEM of stable-worldmodel scales each sampled sequence to deviation 1 over time instead.) The filter is
 * linear, and for a plan's few dozen periods cheaper as a sum than as a Fourier transform.
 */
export class ColouredNoise {
  readonly #periods: number;
  /** Response to an impulse, `[K]`; null for white noise. */
  readonly #response: Float64Array | null;
  readonly #white: Float64Array;

  /**
   * @param periods values in a sequence (K), at least 1
   * @param beta exponent of the power spectrum, at least 0
   */
  constructor(periods: number, beta: number) {
    this.#periods = periods;
    this.#response = beta === 0 || periods < 2 ? null : impulseResponse(periods, beta);
    this.#white = new Float64Array(periods);
  }

  /**
   * Colours each column of each sequence in place.
   *
   * @param noise white noise `[N, K, J]`
   * @param joints J
   */
  colour(noise: Float32Array, joints: number): void {
    const response = this.#response;
    if (response === null) return;
    const periods = this.#periods;
    const white = this.#white;
    for (let start = 0; start < noise.length; start += periods * joints) {
      for (let joint = 0; joint < joints; joint++) {
        const first = start + joint;
        for (let k = 0; k < periods; k++) white[k] = noise[first + k * joints] ?? NaN;
        for (let k = 0; k < periods; k++) {
          let sum = 0;
          for (let lag = 0; lag < periods; lag++)
            sum += (response[lag] ?? NaN) * (white[k >= lag ? k - lag : k - lag + periods] ?? NaN);
          noise[first + k * joints] = sum;
        }
      }
    }
  }
}

/** The impulse response of the filter with amplitudes `f^(-beta / 2)`, scaled to squares that add up to 1. */
function impulseResponse(periods: number, beta: number): Float64Array {
  const response = new Float64Array(periods);
  for (let bin = 0; bin < periods; bin++) {
    const frequency = Math.max(1, Math.min(bin, periods - bin)) / periods;
    const amplitude = frequency ** (-beta / 2);
    for (let lag = 0; lag < periods; lag++)
      response[lag] = (response[lag] ?? 0) + amplitude * Math.cos((2 * Math.PI * bin * lag) / periods);
  }
  const norm = Math.hypot(...response);
  return response.map((value) => value / norm);
}
