import type { ParameterValue } from '../../core/parameter.js';

/* What the server of the dashboard and the process that replays say to each other. */

/** The one message to the process. */
export interface ReplayRequest {
  /** Of the file. */
  readonly path: string;
  /** What people call it. */
  readonly recording: string;
  /** Values that replace the recorded ones, by name; null: the recorded ones. */
  readonly given: Readonly<Record<string, ParameterValue>> | null;
}

/** Messages of the process. The last one is `done` or `failed`. */
export type FromReplay =
  | {
      readonly type: 'progress';
      /** Of the file that was read, 0 to 1. */
      readonly share: number;
      readonly plans: number;
    }
  | {
      readonly type: 'picture';
      /** Index of the moment, from 0. */
      readonly moment: number;
      /** Index of the camera. */
      readonly camera: number;
      readonly jpeg: Uint8Array<ArrayBuffer>;
    }
  | {
      readonly type: 'done';
      /** A `WhatIf` as JSON, compressed with gzip. */
      readonly result: Uint8Array<ArrayBuffer>;
    }
  | { readonly type: 'failed'; readonly message: string };
