import { availableParallelism, cpus, loadavg, totalmem } from 'node:os';

/** What figures depend on besides the code. Loads are the system's 1-minute averages. */
export function describeMachine({ threads, devices, versions }) {
  const [{ model }] = cpus();
  return {
    processor: model.trim(),
    cores: availableParallelism(),
    memoryGb: Math.round(totalmem() / 2 ** 30),
    platform: `${process.platform} ${process.arch}`,
    threads,
    devices,
    versions: { node: process.version, ...versions },
    loadAtStart: loadavg()[0],
    date: new Date().toISOString(),
  };
}
