import type { Logger } from '../../core/types.js';
import type { AccessToken } from './access-token.js';
import { TokenBucket } from '../token-bucket.js';

export interface AccessGateOptions {
  readonly token: AccessToken;
  /** Of the server: cookies do not distinguish ports. */
  readonly port: () => number;
  readonly log: Pick<Logger, 'warn'>;
  readonly nowMs: () => number;
}

export interface Entry {
  readonly isAllowed: boolean;
  /** The token, if it came with this request's address: it is to be set as a cookie. */
  readonly token: string | null;
}

/** Lines in the log about requests without the token: someone who tries many must not fill the disk. */
const LOGGED_PER_SECOND = 1;
const LOGGED_AT_ONCE = 5;

/** Lets in who has the token: in the address (`?token=`), in the cookie that was set then, or as `Authorization: Bearer`. */
export class AccessGate {
  readonly #options: AccessGateOptions;
  readonly #logged = new TokenBucket(LOGGED_PER_SECOND, LOGGED_AT_ONCE);

  constructor(options: AccessGateOptions) {
    this.#options = options;
  }

  /** Name of the cookie. */
  get cookie(): string {
    return `jepa_mpc_dashboard_${String(this.#options.port())}`;
  }

  /** @param url of the request, relative or not */
  check(headers: Headers, url: string): Entry {
    const { token } = this.#options;
    const { pathname, searchParams } = new URL(url, 'http://localhost');
    const inAddress = searchParams.get('token');
    const given = inAddress ?? bearerIn(headers) ?? cookieIn(headers, this.cookie);
    if (given !== null && token.matches(given)) return { isAllowed: true, token: inAddress };
    this.#log(given === null ? 'no token' : 'a wrong token', pathname);
    return { isAllowed: false, token: null };
  }

  /**
   * Whether a WebSocket may be opened from this page. Browsers send the origin of the page, which no page can change; other programs send none.
   */
  isOwnOrigin(headers: Headers): boolean {
    const origin = headers.get('origin');
    if (origin === null) return true;
    const isOwn = URL.canParse(origin) && new URL(origin).host === headers.get('host');
    if (!isOwn) this.#log(`a page of another origin (${origin.slice(0, 100)})`, '/ws');
    return isOwn;
  }

  /** Never with the token, also not a wrong one: it may be right for another server. */
  #log(found: string, path: string): void {
    if (!this.#logged.take(this.#options.nowMs())) return;
    this.#options.log.warn(
      `request of ${path.slice(0, 100)}: found ${found}, expected the token that was printed at the start; answered with 401`,
    );
  }
}

function bearerIn(headers: Headers): string | null {
  return /^Bearer (.+)$/.exec(headers.get('authorization') ?? '')?.[1] ?? null;
}

function cookieIn(headers: Headers, name: string): string | null {
  for (const pair of (headers.get('cookie') ?? '').split(';')) {
    const [key, value] = pair.trim().split('=', 2);
    if (key === name && value !== undefined) return value;
  }
  return null;
}
