import { performance } from 'node:perf_hooks';

import { at } from '../core/array-access.js';
import { JepaMpcError } from '../core/errors.js';
import type { LoadedModel } from '../model/load-model.js';
import { planResampling } from '../perception/resampling.js';
import { createObjective } from '../planning/objectives/distances.js';
import { objectiveSpec } from '../planning/objectives/objective-settings.js';
import { encoderInputs } from './encoder-inputs.js';
import { Explanation } from './explanation.js';
import type { FrameEncoder } from './frame-encoder.js';
import type { DistanceMap, ExplanationRequest } from './planner-port.js';
import type { ExplainMessage } from './worker-protocol.js';

/** Makes heat maps of the distance to a goal, one at a time, with the encoder and the metric that plans are made with. */
export class Explainer {
  readonly #model: LoadedModel;
  readonly #frames: FrameEncoder;
  #explanation: Explanation | null = null;

  constructor(model: LoadedModel, frames: FrameEncoder) {
    this.#model = model;
    this.#frames = frames;
  }

  /**
   * Makes a piece of a heat map.
   *
   * @returns the map, once it is complete; null before
   * @throws JepaMpcError for a frame, a goal or an objective that cannot be used
   */
  async explain({ begin, budgetMs }: ExplainMessage): Promise<DistanceMap | null> {
    if (begin !== null) this.#explanation = await this.#begin(begin);
    if (this.#explanation === null) throw nothingToExplain();
    const map = await this.#explanation.goOn(budgetMs);
    if (map !== null) this.#explanation = null;
    return map;
  }

  async #begin({ frame, goal, values, patches }: ExplanationRequest): Promise<Explanation> {
    this.#explanation = null;
    const { manifest, encoder, temporalDistance, info } = this.#model;
    const { metric, streams } = objectiveSpec(values, info.planning);
    const objective = createObjective(metric, temporalDistance, streams);
    const goalLatent = await this.#frames.encodeGoal(goal);
    const images = this.#frames.tensors(frame, 'camera');
    const inputs = encoderInputs(manifest, images, frame.proprioception);
    return new Explanation({
      frame,
      images,
      plans: manifest.cameras.map((camera, index) => {
        const { width, height } = at(frame.frames, index);
        return planResampling(camera, width, height);
      }),
      patches,
      distance: async () => at(await objective.distance(await encoder.encode(inputs), goalLatent), 0),
      nowMs: () => performance.now(),
    });
  }
}

function nothingToExplain(): JepaMpcError {
  return new JepaMpcError('planner.not-ready', {
    subject: 'explanation of the distance',
    found: 'none under way, or one that failed',
    expected: 'one that was begun',
    remedy: 'Ask for it again.',
  });
}
