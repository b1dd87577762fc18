/** `peak_memory_mb`: the peak resident memory of each process after the plans so far, libraries and runtime included. */
export const memory = {
  title: 'memory',
  work: () => 0,

  async run({ reference, ours, record }) {
    const peak = async (side) => (side === null ? null : (await side.ask('memory')).peakMb);
    record({
      metric: 'peak_memory_mb',
      unit: 'MB',
      pairs: [{ ours: await peak(ours.fp32), reference: await peak(reference) }],
    });
  },
};
