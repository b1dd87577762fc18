import { JepaMpcError } from '../core/errors.js';
import type { Rng } from '../core/ports.js';
import type { ActionSpec, CameraSpec } from '../core/model-spec.js';
import type { Fallback, ImageFrame, Logger, Tensor } from '../core/types.js';
import { percentile } from '../math/percentile.js';
import { createRng } from '../math/rng.js';
import type { LoadedModel } from '../model/load-model.js';
import type { PlanningValues } from '../planning/planning-parameters.js';
import { ActionBounds } from '../core/action-bounds.js';
import { CandidateEvaluator } from '../rollout/candidate-evaluator.js';
import { ImageToTensor } from '../perception/image-to-tensor.js';
import { encoderInputs, goalEncoderInputs } from '../worker/encoder-inputs.js';
import { PlannerFactory, type PlannerInForce } from '../worker/planner-factory.js';
import { stillContext } from '../worker/still-context.js';
import { uniformCandidates } from '../rollout/uniform-candidates.js';
import { goldenContexts, measureSpread, type CandidateSpread } from './candidate-spread.js';
import { compareRollouts } from './compare-rollouts.js';

/** What planning with a model costs on the machine where it was checked. Times are medians. */
export interface PlanningMeasured {
  /** Encoding one image of each camera, without preparing the images. */
  readonly encodeMs: number;
  /** Scoring `samples` candidates over `horizon` predictor steps. */
  readonly iterationMs: number;
  /** Making a plan of `iterations` iterations. */
  readonly planMs: number;
  readonly samples: number;
  readonly iterations: number;
  readonly horizon: number;
  readonly rollout: 'plan' | 'iteration' | 'host';
  /** How the rollout differs from what was requested. */
  readonly fallbacks: readonly Fallback[];
  /** An estimate, see {@link CompiledRollouts.bytesPerCandidate}; null if the rollout is not compiled. */
  readonly peakBytesPerCandidate: number | null;
  /** Largest difference of the costs from those of the step-by-step rollout, see {@link compareRollouts}; null if the rollout is not compiled. */
  readonly compiledDifference: number | null;
  readonly spread: CandidateSpread;
}

const SEED = 1;
/** Candidates of the first run, which shows how many can be afforded. */
const FEW = 8;
/** Maximum time of one measured run, and of all its repetitions: a check is not a benchmark. */
const BUDGET_MS = 2000;
const MAX_REPETITIONS = 10;
/** Candidates from each golden latent, whose costs are compared with each other. */
const SPREAD_CANDIDATES = 64;

/**
 * Plans with a model as the node does with these settings, from images of noise, and measures the time. A slow model is measured with fewer
 * candidates and iterations than its defaults. Also measures how far the costs of candidates lie apart.
 *
 * @param golden golden vectors by name
 * @param nowMs a monotonic clock
 * @throws JepaMpcError whatever planning throws; `planner.not-finite` for costs or actions that are not finite; `command.outside-limits` for
 *   actions outside of the bounds; `model.run-failed` if a run fails and the node would fall back
 */
export async function measurePlanning(
  model: LoadedModel,
  golden: ReadonlyMap<string, Tensor>,
  values: PlanningValues,
  logger: Logger,
  nowMs: () => number,
): Promise<PlanningMeasured> {
  const { manifest } = model;
  const { action, plannerDefaults: defaults } = manifest;
  const { horizon } = defaults;
  const rng = createRng(SEED);
  const seen = encoderInputs(manifest, noise(manifest.cameras, rng));
  const wanted = goalEncoderInputs(manifest, noise(manifest.cameras, rng));
  const context = stillContext(
    manifest,
    await model.encoder.encode(seen),
    await model.goalEncoder.encode(wanted),
  );
  const encodeMs = await medianMs(() => model.encoder.encode(seen), nowMs);

  const workshop = new PlannerFactory(model, logger, nowMs);
  const plannerFor = (samples: number, iterations: number): Promise<PlannerInForce> => {
    const elites = Math.min(defaults.elites, samples);
    const few = {
      ...values,
      'sampling.samples': samples,
      'sampling.iterations': iterations,
      'sampling.elites': elites,
    };
    return workshop.plannerFor(few, true, context, createRng(SEED));
  };
  try {
    const few = Math.min(FEW, defaults.samples);
    const { scorer, objective, rollout } = await plannerFor(few, 1);
    const asCompiled = rollout.fallbacks.length;
    const draw = (count: number): Float32Array => uniformCandidates(action, horizon, count, rng);
    const score = async (count: number): Promise<void> => {
      const costs = await scorer.score(context, draw(count));
      checkFinite(costs, 'costs of candidates inside the action bounds');
    };
    const fewMs = await medianMs(() => score(few), nowMs);
    const eachMs = fewMs / few;
    const samples = affordable(few, eachMs, defaults.samples);
    const iterationMs = await medianMs(() => score(samples), nowMs);

    const iterations = affordable(1, iterationMs, defaults.iterations);
    const { planner } = await plannerFor(samples, iterations);
    const planMs = await medianMs(async () => {
      const { actions } = await planner.plan(null, context, createRng(SEED));
      checkFinite(actions, 'actions of a plan');
      checkBounds(actions, action);
    }, nowMs);
    const given = rollout.fallbacks[asCompiled];
    if (given !== undefined) throw couldNotRun(model.device, given);

    const request = { objective, horizon, precision: 'float32' } as const;
    const isCompiled = rollout.kind !== 'host';
    const compare = (): Promise<number> => {
      const stepByStep = new CandidateEvaluator(
        { ...manifest, predictor: model.predictor },
        model.temporalDistance,
        objective,
        horizon,
      );
      const { tolerance } = model.graphs[0]?.golden ?? { tolerance: 0 };
      return compareRollouts(scorer, stepByStep, context, draw(few), tolerance);
    };
    const measureSpreadInBudget = (): Promise<CandidateSpread> => {
      const contexts = goldenContexts(manifest, golden);
      const starts = affordable(1, FEW * eachMs, contexts.length);
      const count = affordable(FEW, starts * eachMs, SPREAD_CANDIDATES);
      return measureSpread(scorer, contexts.slice(0, starts), draw, count);
    };
    return {
      encodeMs,
      iterationMs,
      planMs,
      samples,
      iterations,
      horizon,
      rollout: rollout.kind,
      fallbacks: rollout.fallbacks,
      peakBytesPerCandidate: isCompiled ? model.rollouts.bytesPerCandidate(request) : null,
      compiledDifference: isCompiled ? await compare() : null,
      spread: await measureSpreadInBudget(),
    };
  } finally {
    await workshop.dispose();
  }
}

/** As many as the budget allows, from `min` to `max`. */
function affordable(min: number, eachMs: number, max: number): number {
  return Math.max(min, Math.min(max, Math.floor(BUDGET_MS / eachMs)));
}

/** Median time of some runs after one that is not counted; of a single run if that exceeds the budget. */
async function medianMs(run: () => Promise<unknown>, nowMs: () => number): Promise<number> {
  const timed = async (): Promise<number> => {
    const startMs = nowMs();
    await run();
    return nowMs() - startMs;
  };
  const firstMs = await timed();
  if (firstMs > BUDGET_MS) return firstMs;
  const times: number[] = [];
  let spentMs = 0;
  while (times.length < MAX_REPETITIONS && (times.length === 0 || spentMs < BUDGET_MS)) {
    const tookMs = await timed();
    times.push(tookMs);
    spentMs += tookMs;
  }
  return percentile(times, 0.5);
}

/** An image of noise from each camera, `[1, C, H, W]`. */
function noise(cameras: readonly CameraSpec[], rng: Rng): Tensor[] {
  return cameras.map((camera) => {
    const { width, height, channels } = camera;
    const values = new Float32Array(width * height * channels);
    rng.uniforms(values);
    const frame: ImageFrame = {
      stampNs: 0n,
      width,
      height,
      encoding: channels === 1 ? 'mono8' : 'rgb8',
      step: width * channels,
      data: Uint8Array.from(values, (value) => Math.floor(value * 256)),
    };
    const converter = new ImageToTensor(camera);
    const data = new Float32Array(converter.length);
    converter.write(frame, data);
    return { data, shape: converter.shape };
  });
}

function checkFinite(values: Float32Array, subject: string): void {
  const wrong = values.findIndex((value) => !Number.isFinite(value));
  if (wrong < 0) return;
  throw new JepaMpcError('planner.not-finite', {
    subject,
    found: `${String(values[wrong])} at entry ${String(wrong)} of ${String(values.length)}`,
    expected: 'finite numbers',
    remedy:
      'The model predicts nonsense inside the bounds that it declares: train it further, or narrow action.lower and action.upper.',
  });
}

function checkBounds(actions: Float32Array, action: ActionSpec): void {
  const { names, lower, upper } = action;
  const bounds = new ActionBounds(action);
  const wrong = actions.findIndex((value, i) => value !== bounds.clamp(value, i % names.length));
  if (wrong < 0) return;
  const entry = wrong % names.length;
  throw new JepaMpcError('command.outside-limits', {
    subject: `action ${names[entry] ?? ''} of a plan`,
    found: String(actions[wrong]),
    expected: `from ${String(lower[entry])} to ${String(upper[entry])}`,
    remedy: 'This is a defect: please report it.',
  });
}

function couldNotRun(device: string, { instead, reason, remedy }: Fallback): JepaMpcError {
  return new JepaMpcError('model.run-failed', {
    subject: `planning on ${device}`,
    found: reason,
    expected: 'runs that succeed as they are',
    remedy: `The node would go on with ${instead}. ${remedy}`,
  });
}
