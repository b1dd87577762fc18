/** A set-up failure told in plain words: what was found, what is needed, and what to type. */
export class SetupError extends Error {
  /**
   * @param {string} message one sentence
   * @param {{ found?: string, expected?: string, remedy?: string }} [facts]
   */
  constructor(message, facts = {}) {
    super(message);
    this.name = 'SetupError';
    this.facts = facts;
  }

  /** @returns {string} the message and its facts, a line each */
  explain() {
    const { found, expected, remedy } = this.facts;
    return [
      `set-up failed: ${this.message}`,
      ...(found === undefined ? [] : [`  found:      ${found}`]),
      ...(expected === undefined ? [] : [`  expected:   ${expected}`]),
      ...(remedy === undefined ? [] : [`  what to do: ${remedy}`]),
    ].join('\n');
  }
}
