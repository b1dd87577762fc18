import { availableParallelism, cpus } from 'node:os';

/** What a figure was measured on, and when. */
export function machine(): string {
  const processor = cpus()[0]?.model.trim() ?? 'unknown processor';
  const today = new Date().toISOString().slice(0, 10);
  return `${processor}, ${availableParallelism()} cores, Node.js ${process.version}, ${today}`;
}
