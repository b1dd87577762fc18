/** What the table says about each metric, in this order. `better` is the side of the ratio that is good news for us. */
const METRICS = new Map([
  ['ms_per_iteration_fp32', 'lower'],
  ['ms_per_iteration_int8', 'lower'],
  ['time_to_99_percent', 'lower'],
  ['time_to_99_percent_int8', 'lower'],
  ['time_to_99_percent_same_planner', 'lower'],
  ['plans_per_second', 'higher'],
  ['plans_per_second_int8', 'higher'],
  ['overhead_share', 'lower'],
  ['overhead_outside_run_share', 'lower'],
  ['overhead_inside_run_share', 'lower'],
  ['not_predictor_share', 'lower'],
  ['saving_last_frame_ratio', 'lower'],
  ['saving_shared_once_ratio', 'lower'],
  ['saving_kept_between_steps_ratio', 'lower'],
  ['saving_all_ratio', 'lower'],
  ['ros_thread_gap_p99_ms', 'lower'],
  ['peak_memory_mb', 'lower'],
  ['refit_max_relative_difference', 'lower'],
  ['cost_max_relative_difference_fp32', 'lower'],
  ['cost_max_relative_difference_fp16', 'lower'],
  ['cost_max_relative_difference_int8', 'lower'],
  ['cost_rank_correlation_fp32', 'higher'],
  ['cost_rank_correlation_fp16', 'higher'],
  ['cost_rank_correlation_int8', 'higher'],
  ['cost_rank_correlation_last_iteration_fp32', 'higher'],
  ['cost_rank_correlation_last_iteration_fp16', 'higher'],
  ['cost_rank_correlation_last_iteration_int8', 'higher'],
  ['ms_per_iteration_by_samples', 'lower'],
  ['ms_per_iteration_by_horizon', 'lower'],
  ['ms_per_iteration_by_tokens', 'lower'],
]);

/** Three significant digits; a dash for what there is no figure of. */
export function show(value) {
  if (value === null || value === undefined) return '-';
  if (value === Infinity) return 'never';
  if (value !== 0 && Math.abs(value) < 0.001) return value.toExponential(1);
  return String(Number(value.toPrecision(3)));
}

const showRange = (range) => (range === null ? '' : ` (${show(range[0])}..${show(range[1])})`);

/** `300 x 5 x H5, 30 elites`. */
function showBudget(settings) {
  if (settings === undefined) return '';
  const { samples, iterations, horizon, elites } = settings;
  return `${samples} x ${iterations} x H${horizon}, ${elites} elites`;
}

/** One line about the machine. */
export function describe({ processor, cores, memoryGb, threads, devices, versions, loadAtStart }) {
  const software = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return (
    `${cores} x ${processor}, ${memoryGb} GB; ${threads} thread(s) a side; ours on ${devices.ours}, reference on ` +
    `${devices.reference}; ${software.join(', ')}; load at start ${loadAtStart.toFixed(2)}`
  );
}

/**
 * A Markdown page: medians with their range, and the median ratio within pairs with its range.
 *
 * @param {{ machine: any, results: any[], notes: readonly string[], seed: number, quick: boolean }} report
 */
export function markdown({ machine, results, notes, seed, quick }) {
  const order = [...METRICS.keys()];
  const rows = results
    .toSorted((a, b) => order.indexOf(a.metric) - order.indexOf(b.metric))
    .map((result) =>
      [
        result.case,
        result.metric + (result.at === undefined ? '' : ` = ${result.at}`),
        result.planner ?? '',
        showBudget(result.settings),
        `${show(result.ours)}${showRange(result.oursRange)}`,
        `${show(result.reference)}${showRange(result.referenceRange)}`,
        `${show(result.ratio)}${showRange(result.ratioRange)}`,
        METRICS.get(result.metric),
        result.runs.length + (result.disturbed === 0 ? '' : ` (${result.disturbed} disturbed)`),
      ].join(' | '),
    );
  return [
    '# Planner against stable-worldmodel 0.1.1',
    '',
    `${describe(machine)}. ${machine.date}${quick ? '; --quick' : ''}; seed ${seed}.`,
    '',
    'Median (min..max) of the runs. Ratio: ours / reference within each pair of runs, median (min..max). Disturbed: other programs ' +
      `used more than a tenth of a core during the run${quick ? '' : ', in the second attempt too'}.`,
    '',
    '| case | metric | planner | samples x iterations x horizon | ours | reference | ratio | better | runs |',
    '| --- | --- | --- | --- | --- | --- | --- | --- | --- |',
    ...rows.map((row) => `| ${row} |`),
    ...(notes.length === 0 ? [] : ['', ...notes.map((note) => `- ${note}`)]),
    '',
  ].join('\n');
}
