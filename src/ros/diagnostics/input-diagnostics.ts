import type { Status } from '../../core/status.js';
import type { ArrivalRate } from '../topics/arrival-rate.js';
import type { CameraReport } from '../topics/camera-inputs.js';

/** A status, with the name of the part alone. */
export type StatusPart = Omit<Status, 'values'> & { readonly values?: Status['values'] };

export function cameraPart(
  { name: camera, topic, rateHz, ageMs, ...report }: CameraReport,
  timeoutMs: number,
): StatusPart {
  const name = `camera ${camera}`;
  const values = {
    topic,
    transport: report.transport,
    reliability: report.reliability,
    rate_hz: rateHz.toFixed(2),
    age_ms: ageMs?.toFixed(0) ?? 'nan',
    received: report.received,
    refused: report.refused,
    overtaken: report.overtaken,
    unmatched: report.unmatched,
    camera_info: report.info,
  };
  if (ageMs === null) return { level: 'stale', name, message: `no image on ${topic} yet`, values };
  if (ageMs > timeoutMs) {
    const message = `the last image came ${(ageMs / 1000).toFixed(1)} s ago`;
    return { level: 'error', name, message, values };
  }
  if (report.info === 'other size') {
    return { level: 'warn', name, message: 'camera_info is for images of another size', values };
  }
  return { level: 'ok', name, message: `${values.rate_hz} a second`, values };
}

/** @param mismatches one line each */
export function qosPart(mismatches: readonly string[]): StatusPart {
  return { level: mismatches.length === 0 ? 'ok' : 'warn', name: 'qos', message: mismatches.join('; ') };
}

/** What the messages of joint states show, by `JointInput`. */
export interface JointStatesReport {
  /** Which publishers contradict each other, in words; null when none do. */
  readonly contradiction: string | null;
  /** Why no pose has come of the messages for a second; null when that is not so. */
  readonly overdue: string | null;
  /** Age of the newest state of each joint by its stamp, ms; NaN where there is none. */
  readonly agesMs: readonly (readonly [string, number])[];
}

/** @param report null before there is a model, whose joints count @param nowMs wall clock */
export function jointStatesPart(
  arrivals: ArrivalRate,
  report: JointStatesReport | null,
  nowMs: number,
  timeoutMs: number,
): StatusPart {
  const name = 'joint states';
  const ageMs = arrivals.ageMs(nowMs);
  if (ageMs === null) return { level: 'stale', name, message: 'none received yet' };
  const values = {
    rate_hz: arrivals.hz.toFixed(2),
    age_ms: ageMs.toFixed(0),
    ...Object.fromEntries(
      (report?.agesMs ?? []).map(([joint, jointAgeMs]) => [
        `age_ms of ${joint}`,
        Number.isNaN(jointAgeMs) ? 'nan' : jointAgeMs.toFixed(0),
      ]),
    ),
  };
  const problem = report?.contradiction ?? report?.overdue ?? null;
  if (problem !== null) return { level: 'error', name, message: problem, values };
  const isOld = ageMs > timeoutMs;
  const message = isOld
    ? `the last one came ${(ageMs / 1000).toFixed(1)} s ago`
    : `${values.rate_hz} a second`;
  return { level: isOld ? 'error' : 'ok', name, message, values };
}
