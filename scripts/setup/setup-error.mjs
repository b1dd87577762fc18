/** A failure of the set-up: what was found, what was expected and what to type. */
export class SetupError extends Error {
  /**
   * @param {string} code names the kind of failure, such as "setup.no-python"
   * @param {string} message one sentence
   * @param {{ found?: string, expected?: string, remedy?: string }} [facts]
   */
  constructor(code, message, facts = {}) {
    super(message);
    this.name = 'SetupError';
    this.code = code;
    this.facts = facts;
  }

  /** @returns {string} message, code and facts, a line each */
  explain() {
    const { found, expected, remedy } = this.facts;
    return [
      `set-up failed: ${this.message} [${this.code}]`,
      ...(found === undefined ? [] : [`  found:      ${found}`]),
      ...(expected === undefined ? [] : [`  expected:   ${expected}`]),
      ...(remedy === undefined ? [] : [`  what to do: ${remedy}`]),
    ].join('\n');
  }
}
