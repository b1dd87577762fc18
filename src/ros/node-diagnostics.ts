import type rclnodejs from 'rclnodejs';

import type { ModelInfo } from '../core/model-info.js';
import type { ControlLoop } from '../pipeline/control-loop.js';
import { toStatus } from './messages.js';
import type { PlanningSession } from './planning-session.js';
import type { ProblemLog } from './problem-log.js';

type DiagnosticStatus = rclnodejs.diagnostic_msgs.msg.DiagnosticStatus;

/** What `/diagnostics` says of each part of the node. */
export function nodeDiagnostics(session: PlanningSession | null, problems: ProblemLog): DiagnosticStatus[] {
  const missing = session?.missing ?? 'the node is not configured';
  return [
    modelStatus(session?.model ?? null, session !== null, missing),
    motionStatus(session?.loop ?? null, missing),
    problemStatus(problems),
  ];
}

function modelStatus(model: ModelInfo | null, isConfigured: boolean, missing: string): DiagnosticStatus {
  if (model === null) return toStatus(isConfigured ? 'warn' : 'stale', 'planner_node: model', missing, {});
  const { name, sha256, device } = model;
  return toStatus('ok', 'planner_node: model', '', { name, sha256, device });
}

function motionStatus(loop: ControlLoop | null, missing: string): DiagnosticStatus {
  const name = 'planner_node: motion';
  if (loop === null) return toStatus('stale', name, missing, {});
  const { level, reasons } = loop.condition;
  const text = reasons.map((reason) => `${reason.name}: ${reason.found}, clears with ${reason.clears}`);
  const severity = level === 'ok' ? 'ok' : level === 'degrade' ? 'warn' : 'error';
  return toStatus(severity, name, text.join('; '), { condition: level });
}

function problemStatus({ last }: ProblemLog): DiagnosticStatus {
  return toStatus(last?.isRecent === true ? 'error' : 'ok', 'planner_node: problems', last?.text ?? '', {});
}
