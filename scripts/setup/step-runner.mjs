/**
 * One step of the set-up.
 *
 * @typedef {object} Step
 * @property {string} title as printed
 * @property {() => boolean | Promise<boolean>} isDone whether its result is there and made from the present inputs
 * @property {() => void | Promise<void>} make makes the result, from nothing or from a half-made one
 */

/**
 * Runs the steps in order, leaving out those that are done, and prints a line for each that was not.
 *
 * @param {readonly Step[]} steps
 * @param {(text: string) => void} write
 * @param {() => number} nowMs
 * @param {() => Promise<void>} beforeFirst called once, before the first step that has something to do
 * @returns {Promise<number>} how many steps had something to do
 */
export async function runSteps(steps, write, nowMs, beforeFirst) {
  let made = 0;
  for (const [index, step] of steps.entries()) {
    if (await step.isDone()) continue;
    if (made === 0) await beforeFirst();
    made += 1;
    write(`[${index + 1}/${steps.length}] ${step.title} … `);
    const startMs = nowMs();
    try {
      await step.make();
    } catch (error) {
      write('failed\n');
      throw error;
    }
    write(`${((nowMs() - startMs) / 1000).toFixed(1)} s\n`);
  }
  return made;
}
