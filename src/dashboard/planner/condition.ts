import type { ServerMessage } from '../protocol.js';
import type { StatusMessage } from './wire.js';

export type OperatorMessage = Extract<ServerMessage, { type: 'operator' }>;

/** How the robot is held or moved, as the part `motion` of `/diagnostics` says. */
export function readOperator({ level, message, values }: StatusMessage): OperatorMessage {
  const scale = values.get('speed_scale');
  const dryRun = values.get('dry_run');
  const stop = values.get('emergency_stop');
  return {
    type: 'operator',
    condition: values.get('condition') ?? '',
    level,
    message,
    paused: values.has('condition') ? /(^|; )pause: /.test(message) : null,
    stopped: stop === undefined ? null : stop !== '',
    speedScale: scale === undefined || !Number.isFinite(Number(scale)) ? null : Number(scale),
    dryRun: dryRun === undefined ? null : dryRun === 'true',
  };
}
