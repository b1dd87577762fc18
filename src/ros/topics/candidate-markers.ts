import type { CdrWriter } from '@foxglove/cdr';

import type { Paths } from '../../robot/tip-paths.js';
import { cdrMessage, writeHeader, writeTime } from './cdr-writing.js';

/** Red, green, blue, opacity, each 0 to 1. */
type Colour = readonly [number, number, number, number];

/** visualization_msgs/Marker */
const LINE_STRIP = 4;
const ADD = 0;

/** From the cheapest to the most expensive: yellow, blue-green, violet. Their lightness differs too, for people who do not see colours. */
const RAMP: readonly Colour[] = [
  [0.99, 0.91, 0.15, 0.9],
  [0.13, 0.57, 0.55, 0.7],
  [0.27, 0.0, 0.33, 0.5],
];
const PLAN_COLOUR: Colour = [0.95, 0.35, 0.1, 1];
const CANDIDATE_WIDTH_M = 0.003;
const PLAN_WIDTH_M = 0.008;

export interface CandidateView {
  readonly stampNs: bigint;
  /** Frame of the points. */
  readonly frame: string;
  /** How long it is shown if nothing newer comes. */
  readonly lifetimeNs: bigint;
  /** From the cheapest to the most expensive. */
  readonly candidates: Paths;
  /** `[M]` */
  readonly costs: Float32Array;
  /** The one path of the plan that was chosen. */
  readonly plan: Paths;
}

/**
 * visualization_msgs/MarkerArray, serialised: in the namespace `candidates` one line strip for each (id: rank by cost, 0 the cheapest), coloured
 * by cost, and in `plan` that of the plan.
 */
export function candidateMarkers(view: CandidateView): Buffer {
  const { candidates, costs, plan } = view;
  const lowest = costs[0] ?? 0;
  const range = (costs.at(-1) ?? lowest) - lowest;
  return cdrMessage((writer) => {
    writer.sequenceLength(candidates.count + 1);
    for (let place = 0; place < candidates.count; place++) {
      const share = range > 0 ? ((costs[place] ?? lowest) - lowest) / range : 0;
      const look = { ns: 'candidates', id: place, width: CANDIDATE_WIDTH_M, colour: colourAt(share) };
      writeLineStrip(writer, view, look, candidates, place);
    }
    const look = { ns: 'plan', id: 0, width: PLAN_WIDTH_M, colour: PLAN_COLOUR };
    writeLineStrip(writer, view, look, plan, 0);
  });
}

/** @param share of the range of costs, 0 to 1 */
function colourAt(share: number): Colour {
  const place = share * (RAMP.length - 1);
  const from = RAMP[Math.floor(place)] ?? PLAN_COLOUR;
  const to = RAMP[Math.ceil(place)] ?? from;
  const between = place - Math.floor(place);
  const mix = (channel: 0 | 1 | 2 | 3): number => from[channel] + between * (to[channel] - from[channel]);
  return [mix(0), mix(1), mix(2), mix(3)];
}

interface Look {
  readonly ns: string;
  readonly id: number;
  readonly width: number;
  readonly colour: Colour;
}

/** visualization_msgs/Marker */
function writeLineStrip(
  writer: CdrWriter,
  { stampNs, frame, lifetimeNs }: CandidateView,
  { ns, id, width, colour }: Look,
  { points, length }: Paths,
  path: number,
): void {
  writeHeader(writer, stampNs, frame);
  writer.string(ns).int32(id).int32(LINE_STRIP).int32(ADD);
  // pose: the identity
  for (const part of [0, 0, 0, 0, 0, 0, 1]) writer.float64(part);
  writer.float64(width).float64(0).float64(0);
  for (const channel of colour) writer.float32(channel);
  writeTime(writer, lifetimeNs);
  writer.uint8(0); // frame_locked
  writer.sequenceLength(length);
  for (let i = path * length * 3; i < (path + 1) * length * 3; i++) writer.float64(points[i] ?? NaN);
  writer.sequenceLength(0); // colors
  writer.string(''); // texture_resource
  writeHeader(writer, 0n, ''); // texture
  writer.string('').sequenceLength(0);
  writer.sequenceLength(0); // uv_coordinates
  writer.string('').string(''); // text, mesh_resource
  writer.string('').sequenceLength(0); // mesh_file
  writer.uint8(0); // mesh_use_embedded_materials
}
