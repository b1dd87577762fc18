import { assertMultiple, f64 } from '../core/array-access.js';

/**
 * Noise whose power falls with frequency along time as `1 / f^beta` (Timmer and König 1995), as in iCEM (Pinneri et al. 2020). Successive
 * actions are correlated, so samples move the robot instead of shaking it. Beta 0 is white noise, 1 pink, 2 red (Brownian). The zero frequency
 * gets the power of the lowest other frequency.
 *
 * Sequences are periodic and stationary. Every value has variance 1 over the samples, so a standard deviation means the same for every beta.
 * (The iCEM of stable-worldmodel instead scales each sampled sequence to standard deviation 1 over time.) The filter is linear; for the few
 * dozen periods of a plan, a sum is cheaper than a Fourier transform.
 */
export class ColouredNoise {
  readonly #periods: number;
  /** Impulse response `[K]`; null for white noise. */
  readonly #response: Float64Array | null;
  readonly #white: Float64Array;

  /**
   * @param periods length of a sequence (K), at least 1
   * @param beta exponent of the power spectrum, at least 0
   */
  constructor(periods: number, beta: number) {
    this.#periods = periods;
    this.#response = beta === 0 || periods < 2 ? null : impulseResponse(periods, beta);
    this.#white = new Float64Array(periods);
  }

  /**
   * Colours white noise in place: each joint of each sequence by itself.
   *
   * @param noise `[N, K, J]`, any N; overwritten
   * @param joints J
   * @throws RangeError when `noise` is not a whole number of sequences
   */
  colour(noise: Float32Array, joints: number): void {
    const response = this.#response;
    if (response === null) return;
    const periods = this.#periods;
    const white = this.#white;
    assertMultiple('noise', noise, periods * joints);
    for (let start = 0; start < noise.length; start += periods * joints) {
      for (let joint = 0; joint < joints; joint++) {
        const first = start + joint;
        for (let k = 0; k < periods; k++) white[k] = noise[first + k * joints] as number;
        for (let k = 0; k < periods; k++) {
          let sum = 0;
          for (let lag = 0; lag < periods; lag++)
            sum += (response[lag] as number) * (white[k >= lag ? k - lag : k - lag + periods] as number);
          noise[first + k * joints] = sum;
        }
      }
    }
  }
}

/** The impulse response `[K]` of the filter with amplitudes `f^(-beta / 2)`, scaled so that its squares add up to 1. */
function impulseResponse(periods: number, beta: number): Float64Array {
  const response = new Float64Array(periods);
  for (let bin = 0; bin < periods; bin++) {
    const frequency = Math.max(1, Math.min(bin, periods - bin)) / periods;
    const amplitude = frequency ** (-beta / 2);
    for (let lag = 0; lag < periods; lag++)
      response[lag] = f64(response, lag) + amplitude * Math.cos((2 * Math.PI * bin * lag) / periods);
  }
  const norm = Math.hypot(...response);
  return response.map((value) => value / norm);
}
