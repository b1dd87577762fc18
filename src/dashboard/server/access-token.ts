import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

import { JepaMpcError } from '../../core/errors.js';

/** A shorter one could be guessed, and nothing limits the attempts but the speed of the server. */
const SHORTEST = 16;
const ALLOWED = /^[A-Za-z0-9_-]+$/;
const RANDOM_BYTES = 24;

/** The secret without which the dashboard shows and does nothing. It is never logged by this class. */
export class AccessToken {
  readonly text: string;
  readonly #hash: Buffer;

  private constructor(text: string) {
    this.text = text;
    this.#hash = hashOf(text);
  }

  static random(): AccessToken {
    return new AccessToken(randomBytes(RANDOM_BYTES).toString('base64url'));
  }

  /**
   * @param source such as `--token`, for the error, which does not show the token
   * @throws JepaMpcError `dashboard.token` for one that is too short or does not fit into an address
   */
  static given(text: string, source: string): AccessToken {
    const found =
      text.length < SHORTEST
        ? `${String(text.length)} characters`
        : ALLOWED.test(text)
          ? null
          : 'a character that an address does not take as it is';
    if (found === null) return new AccessToken(text);
    throw new JepaMpcError('dashboard.token', {
      subject: source,
      found,
      expected: `at least ${String(SHORTEST)} letters, digits, _ or -`,
      remedy: 'Leave it out, and a random one is made; or make one with: openssl rand -hex 24',
    });
  }

  /** In a time that does not depend on where the two differ. */
  matches(given: string): boolean {
    return timingSafeEqual(this.#hash, hashOf(given));
  }
}

/** Of the same length for every text, which `timingSafeEqual` needs. */
function hashOf(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
