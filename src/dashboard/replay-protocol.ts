import { z } from 'zod';

/* The part of `protocol.ts` about recordings and their replay. */

export const recordingInfoSchema = z.object({
  /** Of the file. */
  name: z.string(),
  bytes: z.number(),
  /** Unix time [ms] of the last change. */
  modifiedMs: z.number(),
});
export type RecordingInfo = z.infer<typeof recordingInfoSchema>;

export const recordingListSchema = z.object({
  /** That the server was started with. */
  folder: z.string(),
  /** The newest first. */
  recordings: z.array(recordingInfoSchema),
});
export type RecordingList = z.infer<typeof recordingListSchema>;

/**
 * The newest replay. When it is `done`, a `WhatIf` (src/recording/what-if-view.ts) is at `/replay/<run>/result.json`, and JPEGs of what the cameras
 * showed are at `/replay/<run>/<moment>/<camera>.jpg`, both counted from 0.
 */
export const replayStateSchema = z.object({
  phase: z.enum(['running', 'done', 'failed', 'cancelled']),
  /** Names this replay: the next one has another. */
  run: z.string(),
  recording: z.string(),
  profile: z.string().nullable(),
  /** Of the recording that was read, 0 to 1. */
  share: z.number(),
  /** Plans that were made again so far. */
  plans: z.int(),
  /** Why it failed, in words. */
  message: z.string(),
});
export type ReplayState = z.infer<typeof replayStateSchema>;
