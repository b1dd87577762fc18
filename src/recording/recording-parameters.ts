import { homedir } from 'node:os';
import { join } from 'node:path';

import { dynamic, flag, integer, text } from '../core/parameter.js';

export const recordingParameters = {
  'recording.enabled': dynamic(
    flag(false),
    '',
    'Records what the node receives, decides and sends to an MCAP file, from which jepa-mpc replay makes every plan again. true starts a file, false ends it.',
  ),
  'recording.folder': dynamic(
    text(),
    '',
    'Folder of recordings. Empty: jepa_mpc/recordings in $ROS_HOME, which is ~/.ros by default.',
  ),
  'recording.file': dynamic(
    text(),
    '',
    'File of the next recording, absolute or in recording.folder. Empty: the name of the node with date and time. A file that exists is kept: the new name gets a number.',
  ),
  'recording.images': dynamic(
    flag(true),
    '',
    'Record the images of the cameras. Without them a recording cannot be replayed.',
  ),
  'recording.latents': dynamic(
    flag(true),
    '',
    'Record the latent of the newest frame with each plan. It comes from the planner in a larger message.',
  ),
  'recording.max_size_mb': dynamic(
    integer({ min: 0, max: 10_000_000, default: 0 }),
    'MB',
    'Size at which a recording ends; 0: none.',
  ),
  'recording.min_free_mb': dynamic(
    integer({ min: 0, max: 1_000_000, default: 500 }),
    'MB',
    'Free space on the disk below which a recording ends.',
  ),
  'recording.queue_mb': dynamic(
    integer({ min: 1, max: 4096, default: 64 }),
    'MB',
    'Memory for messages that wait to be written. Images have three quarters of it. What finds no room is left out and counted.',
  ),
};

/** Default folder of recordings: next to the logs of ROS. */
export function defaultRecordingFolder(env: NodeJS.ProcessEnv): string {
  return join(env['ROS_HOME'] ?? join(homedir(), '.ros'), 'jepa_mpc', 'recordings');
}
