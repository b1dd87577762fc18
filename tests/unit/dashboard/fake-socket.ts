import type { ClientSocket } from '../../../src/dashboard/server/client.js';

/** The connection of a page, of which a test says when something arrives. */
export class FakeSocket implements ClientSocket {
  bufferedAmount = 0;
  readonly sent: (string | Uint8Array)[] = [];
  pings = 0;
  isPaused = false;
  isTerminated = false;
  closed: [code: number, reason: string] | null = null;

  /** The text messages so far. */
  get messages(): readonly { readonly type: string; readonly [key: string]: unknown }[] {
    return this.sent
      .filter((data) => typeof data === 'string')
      .map((text) => JSON.parse(text) as { readonly type: string });
  }

  send(data: string | Uint8Array): void {
    this.sent.push(data);
  }

  ping(): void {
    this.pings += 1;
  }

  pause(): void {
    this.isPaused = true;
  }

  close(code: number, reason: string): void {
    this.closed ??= [code, reason];
  }

  terminate(): void {
    this.isTerminated = true;
  }
}
