import { JepaMpcError, type ErrorCode } from './errors.js';

/** Whether a file or folder could not be used because it is not there. */
export function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

/** What to say about a file that cannot be used. */
export interface FileUse {
  readonly code: ErrorCode;
  /** Program that wants to use it. */
  readonly user: string;
  readonly remedy: string;
}

/**
 * The error for a file or folder that cannot be used.
 *
 * @param what cannot be done with it, such as `be read`
 */
export function cannot(what: string, path: string, cause: unknown, use: FileUse): JepaMpcError {
  return new JepaMpcError(use.code, {
    subject: path,
    found: `something that cannot ${what}: ${cause instanceof Error ? cause.message : String(cause)}`,
    expected: `a file or folder that ${use.user} may use`,
    remedy: use.remedy,
    cause,
  });
}
