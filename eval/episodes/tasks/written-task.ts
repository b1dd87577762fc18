import { z } from 'zod';
import { TASK_NAMES, type Task } from './registry.js';

/** The task as a report has it. */
export const writtenTaskSchema = z.strictObject({
  name: z.enum(TASK_NAMES),
  /** Numbers that decide about success, for the robot of the report. Names end in the unit. */
  thresholds: z.record(z.string(), z.number()),
});

export type WrittenTask = z.infer<typeof writtenTaskSchema>;

export function writtenTask({ name, thresholds }: Task): WrittenTask {
  return { name, thresholds };
}
