/** Every kind of error. Codes are stable: scripts and tests match on them, and people read the message. */
export type ErrorCode =
  | 'model.missing-file'
  | 'model.hash-mismatch'
  | 'model.manifest-invalid'
  | 'model.signature-mismatch'
  | 'model.golden-mismatch'
  | 'model.unreadable'
  | 'model.not-finite'
  | 'model.run-failed'
  | 'model.unsupported'
  | 'model.device-unavailable'
  | 'image.encoding'
  | 'image.size'
  | 'image.compressed'
  | 'joint-states.unknown-joint'
  | 'joint-states.not-finite'
  | 'joint-states.wrong-size'
  | 'joint-states.no-velocity'
  | 'urdf.invalid'
  | 'urdf.no-limits'
  | 'urdf.unknown-joint'
  | 'urdf.mimic-joint'
  | 'srdf.invalid'
  | 'params.invalid'
  | 'objective.invalid'
  | 'planner.not-finite'
  | 'planner.wrong-shape'
  | 'planner.worker-died'
  | 'planner.not-ready'
  | 'goal.name'
  | 'goal.file'
  | 'goal.cameras'
  | 'goal.stamps'
  | 'command.outside-limits'
  | 'command.speed-scale'
  | 'docs.no-marks'
  | 'recording.unreadable'
  | 'recording.version'
  | 'recording.no-plans'
  | 'recording.other-model'
  | 'recording.ended'
  | 'recording.name'
  | 'recording.folder'
  | 'dashboard.address'
  | 'dashboard.token'
  | 'dashboard.message'
  | 'dashboard.no-answer'
  | 'dashboard.replay'
  | 'profile.name'
  | 'profile.file'
  | 'security.policy'
  | 'security.unavailable'
  | 'environment.domain-in-use'
  | 'environment.unsupported'
  | 'environment.missing'
  | 'demo.timeout'
  | 'demo.process-died'
  | 'demo.interrupted'
  | 'tune.study';

/** The content of an error: what was found, what was expected, and what to do about it. */
export interface ErrorFacts {
  /** What is wrong, named so that a person can find it: a file, a topic, a parameter. */
  readonly subject: string;
  readonly found: string;
  readonly expected: string;
  readonly remedy: string;
  readonly cause?: unknown;
}

/** The error class for everything that a user or another program can cause. `message` has all four facts. */
export class JepaMpcError extends Error {
  readonly code: ErrorCode;
  readonly facts: ErrorFacts;

  constructor(code: ErrorCode, facts: ErrorFacts) {
    super(
      `${facts.subject}: found ${facts.found}, expected ${facts.expected}. ${facts.remedy} [${code}]`,
      facts.cause === undefined ? undefined : { cause: facts.cause },
    );
    this.name = 'JepaMpcError';
    this.code = code;
    this.facts = facts;
  }
}
