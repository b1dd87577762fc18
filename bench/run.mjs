/**
 * Times the planner against PyPI stable-worldmodel 0.1.1, with the same weights, noise and budgets: `npm run bench`, bench/README.md.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { Presets, SingleBar } from 'cli-progress';

import { layoutOf } from '../scripts/setup/layout.mjs';
import { casesOf } from './harness/cases.mjs';
import { Inputs } from './harness/inputs.mjs';
import { describeMachine } from './harness/machine.mjs';
import { agreement } from './harness/measure/agreement.mjs';
import { growth, growthWithTokens } from './harness/measure/growth.mjs';
import { iterationTime } from './harness/measure/iteration-time.mjs';
import { memory } from './harness/measure/memory.mjs';
import { overhead } from './harness/measure/overhead.mjs';
import { plansPerSecond } from './harness/measure/plans-per-second.mjs';
import { solveOnce } from './harness/measure/rounds.mjs';
import { savings } from './harness/measure/savings.mjs';
import { threadGap } from './harness/measure/thread-gap.mjs';
import { timeTo99 } from './harness/measure/time-to-99.mjs';
import { plot } from './harness/plot.mjs';
import { describe, markdown } from './harness/report.mjs';
import { Side } from './harness/side.mjs';
import { median, summarise } from './harness/statistics.mjs';

/** Above this 1-minute load average per core something else is at work, and figures are of two programs. */
const BUSY_LOAD = 0.5;

const { values: options } = parseArgs({
  options: {
    json: { type: 'string' },
    markdown: { type: 'string' },
    plot: { type: 'string' },
    quick: { type: 'boolean', default: false },
    case: { type: 'string', multiple: true },
    only: { type: 'string', multiple: true },
    threads: { type: 'string', default: String(availableParallelism()) },
    device: { type: 'string', default: 'cpu' },
    'reference-device': { type: 'string' },
    seed: { type: 'string', default: '1' },
    help: { type: 'boolean', default: false },
  },
});

const USAGE = `npm run bench -- [options]
  --json FILE               write every run as JSON
  --markdown FILE           write the table (it is printed in any case)
  --plot FILE               write the plot as PNG
  --quick                   fewer runs, under 5 minutes on two cores
  --case NAME               demo, lewm-18m or dino-patches; may be repeated; default all
  --only TITLE              a measurement by its title, such as "time to 99 %"; may be repeated; default all
  --threads N               threads a side; default: the cores (${availableParallelism()})
  --device NAME             ours: cpu, cuda, tensorrt or webgpu; default cpu
  --reference-device NAME   the reference's: cpu or cuda; default: cuda with --device cuda or tensorrt, else cpu
  --seed N                  of noise and problems; default 1`;

const threads = Number(options.threads);
const seed = Number(options.seed);
const referenceDevice =
  options['reference-device'] ?? (['cuda', 'tensorrt'].includes(options.device) ? 'cuda' : 'cpu');
const layout = layoutOf();

/** The cases that were asked for, a case's points of the curve over tokens included. */
function chosenCases() {
  const all = casesOf(layout.root, layout.benchModels);
  const names = options.case ?? all.filter(({ tokensOnly }) => !tokensOnly).map(({ name }) => name);
  for (const name of names) {
    if (!all.some((spec) => spec.name === name)) {
      throw new Error(
        `found no case "${name}"; expected ${all
          .filter((spec) => !spec.tokensOnly)
          .map((spec) => spec.name)
          .join(', ')}`,
      );
    }
  }
  return all.filter(
    (spec) =>
      names.includes(spec.name) ||
      (spec.tokensOnly && grows(spec) && names.some((chosen) => spec.name.startsWith(`${chosen}-`))),
  );
}

const amountsOf = (spec) => (options.quick ? spec.quick : spec.full);

const grows = (spec) => amountsOf(spec).growthPairs > 0;

function measurementsOf(spec) {
  if (spec.tokensOnly) return [growthWithTokens];
  const common = [agreement, iterationTime, memory, overhead, threadGap, plansPerSecond, timeTo99];
  const growing = spec.name === 'dino-patches' ? [savings, growth, growthWithTokens] : [savings, growth];
  const all = grows(spec) ? [...common, ...growing] : common;
  return all.filter(({ title }) => options.only?.includes(title) ?? true);
}

const openReference = () =>
  new Side(
    'the reference',
    [join(layout.benchPrefix, 'bin', 'python'), '-m', 'jepa_mpc_reference.serve'],
    // The environment's own installation is what counts, whatever shell this runs in.
    { ...process.env, PYTHONPATH: '' },
  );

const startOurs = () =>
  new Side(
    'our side',
    [process.execPath, fileURLToPath(new URL('harness/our-process.mjs', import.meta.url))],
    process.env,
  );

/**
 * One case with its three processes, one for each precision so that the memory of each can be measured.
 *
 * @param {string[]} notes what cannot be measured is written here
 */
async function openCase(spec, inputs, notes) {
  const opening = { case: spec.name, folder: spec.folder, threads };
  const reference = openReference();
  const facts = { reference: await reference.ask('open', { ...opening, device: referenceDevice }) };
  const openOurs = async (precision) => {
    const side = startOurs();
    try {
      facts[precision] = await side.ask('open', { ...opening, precision, device: options.device });
      return side;
    } catch (error) {
      await side.close();
      notes.push(`${spec.name} in ${precision}: not measured on our side. ${error.message.split('\n')[0]}`);
      return null;
    }
  };
  const ours = { fp32: await openOurs('fp32'), int8: spec.tokensOnly ? null : await openOurs('int8') };
  const amounts = amountsOf(spec);
  const bench = {
    spec,
    amounts,
    reference,
    ours,
    openOurs,
    inputs,
    advance: () => undefined,
    record: () => undefined,
  };
  return { bench, facts };
}

async function closeCase({ reference, ours }) {
  for (const side of [reference, ours.fp32, ours.int8]) await side?.close();
}

/** Milliseconds of one iteration of each side that is open: what the forecast is made of. */
async function calibrate(bench) {
  const settings = { ...bench.spec.settings, iterations: 2 };
  const costs = {};
  for (const [name, side] of Object.entries({ reference: bench.reference, ...bench.ours })) {
    if (side === null) continue;
    const { iterationMs } = await solveOnce(bench, side, 'cem', settings, { problem: 0, noiseIndex: 0 });
    costs[name] = median(iterationMs);
  }
  return costs;
}

const bar = new SingleBar(
  {
    format: '{bar} {percentage}% | {what} | {eta_formatted} left',
    hideCursor: true,
    clearOnComplete: true,
    etaBuffer: 50,
  },
  Presets.rect,
);

async function main() {
  if (options.help) {
    console.log(USAGE);
    return;
  }
  const cases = chosenCases();
  const folder = mkdtempSync(join(tmpdir(), 'jepa-mpc-bench-'));
  for (const [signal, status] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ]) {
    process.once(signal, () => {
      bar.stop();
      rmSync(folder, { recursive: true, force: true });
      process.exit(status); // the other processes end with their standard input
    });
  }
  const inputs = new Inputs(folder, seed);
  const [results, notes] = [[], []];
  const startMs = performance.now();
  if (loadavg()[0] > BUSY_LOAD * availableParallelism()) {
    notes.push(
      `the machine was busy at the start: load ${loadavg()[0].toFixed(2)} on ${availableParallelism()} cores`,
    );
    console.error(`warning: ${notes.at(-1)}; the figures will be disturbed`);
  }
  let open = null;
  try {
    console.error('timing one iteration of each case to say how long this will take …');
    const forecast = [];
    let facts = {};
    for (const spec of cases) {
      open = await openCase(spec, inputs, notes);
      facts = { ...facts, ...open.facts };
      const work = measurementsOf(spec).reduce((sum, measurement) => sum + measurement.work(open.bench), 0);
      const costs = await calibrate(open.bench);
      forecast.push({ spec, ms: work * Object.values(costs).reduce((sum, ms) => sum + ms, 0) });
      await closeCase(open.bench);
      open = null;
    }
    const machine = describeMachine({
      threads,
      devices: { ours: facts.fp32?.device ?? options.device, reference: facts.reference.device },
      versions: { ...facts.fp32?.versions, ...facts.reference.versions },
    });
    const totalMs = forecast.reduce((sum, { ms }) => sum + ms, 0);
    console.error(describe(machine));
    console.error(
      `this takes about ${Math.ceil(totalMs / 60_000)} min: ` +
        forecast.map(({ spec, ms }) => `${spec.name} ${(ms / 60_000).toFixed(1)}`).join(', '),
    );

    bar.start(Math.ceil(totalMs), 0, { what: '' });
    // Without a terminal the bar counts nothing.
    let doneMs = 0;
    for (const { spec, ms } of forecast) {
      open = await openCase(spec, inputs, []);
      const { bench } = open;
      const measurements = measurementsOf(spec);
      const sides = [bench.reference, bench.ours.fp32, bench.ours.int8].filter(
        (side) => side !== null,
      ).length;
      const work = sides * measurements.reduce((sum, measurement) => sum + measurement.work(bench), 0);
      bench.advance = (iterations) => {
        const stepMs = (iterations * ms) / work;
        doneMs += stepMs;
        bar.increment(stepMs);
      };
      bench.record = ({ pairs, ...facts }) => {
        if (pairs.every((pair) => pair.ours === null && pair.reference === null)) return;
        results.push({ case: spec.name, ...facts, ...summarise(pairs) });
      };
      for (const measurement of measurements) {
        const what = `${spec.name}: ${measurement.title}`;
        if (process.stderr.isTTY) bar.update({ what });
        else console.error(`[${Math.min(99, Math.round((100 * doneMs) / totalMs))}%] ${what}`);
        await measurement.run(bench);
      }
      await closeCase(bench);
      open = null;
    }
    bar.stop();

    const report = { machine, seed, quick: options.quick, notes, results };
    const table = markdown(report);
    console.log(table);
    if (options.json) writeFileSync(options.json, `${JSON.stringify(report, null, 2)}\n`);
    if (options.markdown) writeFileSync(options.markdown, table);
    if (options.plot) writeFileSync(options.plot, await plot(report));
    console.error(`done in ${((performance.now() - startMs) / 60_000).toFixed(1)} min`);
  } finally {
    bar.stop();
    if (open !== null) await closeCase(open.bench);
    rmSync(folder, { recursive: true, force: true });
  }
}

await main();
