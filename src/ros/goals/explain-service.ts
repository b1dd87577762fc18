import { JepaMpcError } from '../../core/errors.js';
import type { FrameSet } from '../../core/model-info.js';
import type { ImageFrame } from '../../core/types.js';
import type { Parameters } from '../../params/schema.js';
import type { DistanceMap } from '../../worker/planner-port.js';
import type { ServiceHost, ServiceOutcome } from '../node/node-services.js';
import { NO_FRAME } from '../node/operator-services.js';
import { NOT_CONFIGURED } from '../node/planning-session.js';
import type { PlanningSession } from '../node/planning-session.js';
import type { CameraImages } from '../topics/camera-images.js';

const NO_GOAL =
  'goal: found none, expected one that the frame can differ from. Publish goal_image, or call ~/capture_goal.';

export interface ExplainServiceOptions {
  readonly parameters: () => Parameters;
  /** Null while the node is not configured. */
  readonly session: () => Pick<PlanningSession, 'loop' | 'missing' | 'explain'> | null;
  /** The goal in force; null: none. */
  readonly goal: () => FrameSet | null;
  /** `~/distance_map` */
  readonly maps: Pick<CameraImages, 'publish'>;
  /** Gets what went wrong with an answer. */
  readonly report: (error: unknown) => void;
}

/**
 * Offers `~/explain_distance`: what makes the newest frame differ from the goal in force, as a heat map on `~/distance_map`. It is made between
 * plans, and answered when it is there.
 */
export function offerExplanations(services: ServiceHost, options: ExplainServiceOptions): void {
  services.createService('std_srvs/srv/Trigger', '~/explain_distance', (_request, response) => {
    explain(options)
      .catch((error: unknown) => {
        if (error instanceof JepaMpcError) return { success: false, message: error.message };
        options.report(error);
        return { success: false, message: String(error) };
      })
      .then((outcome) => {
        response.send(Object.assign(response.template, outcome));
      })
      .catch(options.report);
  });
}

async function explain(options: ExplainServiceOptions): Promise<ServiceOutcome> {
  const session = options.session();
  if (!session?.loop) {
    const message = session?.missing ?? `${NOT_CONFIGURED}: configure it first`;
    return { success: false, message };
  }
  const frame = session.loop.newestFrame;
  if (frame === null) return { success: false, message: NO_FRAME };
  const goal = options.goal();
  if (goal === null) return { success: false, message: NO_GOAL };
  const map = await session.explain(frame, goal, options.parameters()['explain.patches']);
  options.maps.publish((camera) => imageOf(map, camera));
  return {
    success: true,
    message: `the frame stamped ${String(map.stampNs)} ns is ${map.distance.toPrecision(4)} from the goal; the largest contribution of a patch is ${map.largest.toPrecision(3)}`,
  };
}

/** A frame of 32FC1. */
function imageOf({ stampNs, cameras }: DistanceMap, camera: number): ImageFrame {
  const { width, height, contributions } = cameras[camera] ?? {
    width: 0,
    height: 0,
    contributions: new Float32Array(0),
  };
  const data = new Uint8Array(contributions.buffer, contributions.byteOffset, contributions.byteLength);
  return { stampNs, width, height, encoding: '32FC1', step: 4 * width, data };
}
