import type { ProprioceptionField } from '../core/model-spec.js';
import type { GraphReport } from '../model/load-model.js';
import type { ModelManifest } from '../model/manifest-schema.js';
import { spreadText } from './candidate-spread.js';
import type { PlanningMeasured } from './measure-planning.js';

/** Results of a check of a model; `--json` writes them as they are. */
export interface ModelCard {
  readonly manifest: ModelManifest;
  /** SHA-256 of the manifest, which contains the hashes of the other files. */
  readonly sha256: string;
  readonly graphs: readonly GraphReport[];
  /** Number of floating-point weights of all graphs. */
  readonly parameters: number;
  /** Bytes of the predicted latents of one candidate: `horizon * tokens * dim * 4`. */
  readonly latentBytesPerCandidate: number;
  readonly planning: PlanningMeasured;
  readonly device: string;
  /** Threads inside one operator, on the CPU. */
  readonly threads: number;
  /** Processor and number of cores. */
  readonly machine: string;
}

type LatentStreams = NonNullable<ModelManifest['latent']['streams']>;

const KIND = {
  plan: 'a whole plan in one run',
  iteration: 'an iteration in one run',
  host: 'step by step on the host',
} as const;

/** The card as text, one string a line. */
export function cardLines(card: ModelCard): string[] {
  const { manifest, planning } = card;
  const { action, history, latent, objective, proprioception, provenance } = manifest;
  return [
    `${manifest.name}: ${manifest.description}`,
    ...row('contract', `version ${String(manifest.version)}, manifest SHA-256 ${card.sha256}`),
    ...row('licence', manifest.licence),
    ...row('source', provenance.source),
    ...(provenance.checkpointSha256 === undefined
      ? []
      : row('checkpoint', `SHA-256 ${provenance.checkpointSha256}`)),
    ...row('created by', provenance.createdBy),
    ...row('dataset', provenance.dataset),
    '',
    ...manifest.cameras.flatMap(({ name, topic, width, height, colorOrder, resize }) =>
      row('camera', `${name}, topic ${topic}: ${String(width)} x ${String(height)} ${colorOrder}, ${resize}`),
    ),
    ...(proprioception?.fields ?? []).flatMap((field) => row('robot state', fieldText(field))),
    ...row('latent', `${String(latent.tokens)} x ${String(latent.dim)} (tokens x numbers)`),
    ...(latent.streams ?? []).flatMap((stream) => row('', streamText(stream))),
    ...row(
      'history',
      `${history.mode}, window ${String(history.window)}, warm-up ${history.warmup}, actions ${history.actions}`,
    ),
    ...row(
      'actions',
      `${action.kind} in ${action.unit}, one every ${String(action.periodMs)} ms, ${String(action.block)} in a predictor step (${String(action.periodMs * action.block)} ms)`,
    ),
    ...(action.endEffector === null
      ? []
      : row(
          '',
          `of ${action.endEffector.link} in ${action.endEffector.base}, by ${action.joints.join(', ')}`,
        )),
    ...action.names.flatMap((name, index) => row('', `${name}: ${entryText(action, index)}`)),
    ...row('goal', `${goalText(manifest)}; judged by ${objective.default}, steps ${objective.steps}`),
    '',
    ...card.graphs.flatMap((graph) => row(graph.name, graphText(graph, manifest))),
    ...row('parameters', thousands(card.parameters)),
    ...row('a candidate', memoryText(card)),
    '',
    ...row('rollout', rolloutText(planning)),
    ...planning.fallbacks.flatMap(({ instead, reason }) =>
      row('', `not as requested: ${instead}, because ${reason}`),
    ),
    ...row('candidates', spreadText(planning.spread)),
    ...row('encoding', `${ms(planning.encodeMs)} (an image of each camera)`),
    ...row('an iteration', `${ms(planning.iterationMs)} (${budgetText(planning, manifest)})`),
    ...row('a plan', `${ms(planning.planMs)} (${iterationsText(planning, manifest)})`),
    ...row(
      'measured on',
      `${card.device}, ${card.threads === 1 ? '1 thread' : `${String(card.threads)} threads`}; ${card.machine}`,
    ),
  ];
}

function goalText({ goal: { kind, proprioception } }: ModelManifest): string {
  return proprioception === 'from_images' ? `${kind}, with the robot state read from it` : kind;
}

function row(title: string, text: string): string[] {
  return [`  ${title.padEnd(16)}${text}`];
}

/** The values that an entry of an action may have. */
function entryText({ lower, upper, frozen, deadBand }: ModelManifest['action'], index: number): string {
  const always = frozen[index] ?? null;
  if (always !== null) return `always ${String(always)}`;
  const bounds = `${String(lower[index])} to ${String(upper[index])}`;
  const band = deadBand[index] ?? 0;
  return band > 0 ? `${bounds}, 0 below ${String(band)}` : bounds;
}

function fieldText(field: ProprioceptionField): string {
  switch (field.kind) {
    case 'joint_position':
      return `position of ${field.joint}`;
    case 'joint_velocity':
      return `velocity of ${field.joint}`;
    case 'pose':
      return `pose of ${field.link} in ${field.base}`;
    case 'fraction':
      return `${field.joint}, from ${String(field.zero)} to ${String(field.one)}`;
  }
}

function streamText({ name, of, update, tokens, dims, weight }: LatentStreams[number]): string {
  const place = `tokens ${tokens.join(' to ')}, numbers ${dims.join(' to ')}`;
  return `${name}: ${place}; of ${of}, update ${update}, weight ${String(weight)}`;
}

function graphText({ name, parameters, golden }: GraphReport, { graphs }: ModelManifest): string {
  const entry = Object.entries(graphs).find(([key]) => key === name)?.[1];
  const { vector, rows, worst, tolerance } = golden;
  return (
    `${entry?.file ?? ''}, ${thousands(parameters)} parameters, SHA-256 ${entry?.sha256.slice(0, 12) ?? ''}…; ` +
    `golden ${vector}: ${String(rows)} rows within ${worst.toExponential(1)} (tolerance ${String(tolerance)})`
  );
}

function memoryText({ latentBytesPerCandidate, planning }: ModelCard): string {
  const latents = `${bytes(latentBytesPerCandidate)} of predicted latents (${String(planning.horizon)} steps)`;
  const peak = planning.peakBytesPerCandidate;
  if (peak === null) return `${latents}; the rest is not known, because the rollout is not compiled`;
  return `${bytes(peak)} in the rollout at its peak, by the shapes and lifetimes of the graph's values; ${latents}`;
}

function rolloutText({ rollout, compiledDifference }: PlanningMeasured): string {
  if (compiledDifference === null) return KIND[rollout];
  return `${KIND[rollout]}; costs within ${compiledDifference.toExponential(1)} of those step by step`;
}

function budgetText({ samples, horizon }: PlanningMeasured, { plannerDefaults }: ModelManifest): string {
  return `${ofAll(samples, plannerDefaults.samples)} candidates, horizon ${String(horizon)}`;
}

function iterationsText({ iterations }: PlanningMeasured, { plannerDefaults }: ModelManifest): string {
  return `${ofAll(iterations, plannerDefaults.iterations)} iterations`;
}

function ofAll(count: number, all: number): string {
  return count === all ? String(all) : `${String(count)} of ${String(all)}`;
}

function thousands(count: number): string {
  return count.toLocaleString('en-GB');
}

function ms(value: number): string {
  return `${value < 100 ? value.toPrecision(3) : value.toFixed(0)} ms`;
}

function bytes(count: number): string {
  if (count < 1000) return `${String(count)} B`;
  return count < 1e6 ? `${(count / 1e3).toPrecision(3)} kB` : `${(count / 1e6).toPrecision(3)} MB`;
}
