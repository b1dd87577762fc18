import type { JointInfo, ServerMessage } from '../../protocol.js';

/** A message of the server by its type. */
export type Message<Type extends ServerMessage['type']> = Extract<ServerMessage, { readonly type: Type }>;
export type NodeState = Message<'node'>;
export type Operator = Message<'operator'>;
/** A part of `/diagnostics`. */
export type Part = Message<'diagnostics'>['parts'][number];
export type StatisticsValues = Message<'statistics'>['values'];
export type Robot = Omit<Message<'robot'>, 'joints'> & { readonly joints: readonly JointInfo[] };
