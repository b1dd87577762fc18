import { stampToNs, type RosTime } from '../../src/ros/topics/stamp.js';
import type { DiagnosticArrayLike } from './demo-messages.js';

/** Whether two links of the robot touch that both move, or a link that moves and a body that does not, or an object of the scene. */
export const CONTACT_KINDS = ['self_collisions', 'surroundings'] as const;
export type ContactKind = (typeof CONTACT_KINDS)[number];
/** Two links, or a link and what it touches. */
export type NamePair = readonly [string, string];

/** What touches at one time, as the simulator sees it. */
export interface ContactReading {
  readonly stampNs: bigint;
  /** Null: the simulator cannot count them for this robot. */
  readonly contacts: readonly { readonly kind: ContactKind; readonly names: NamePair }[] | null;
}

/** The message of a simulator's `~/contacts`. A message without a status for each kind says that nothing is counted. */
export function toContactReading(
  message: DiagnosticArrayLike & { readonly header: { readonly stamp: RosTime } },
): ContactReading {
  const stampNs = stampToNs(message.header.stamp);
  const found = CONTACT_KINDS.map((kind) => message.status.find(({ name }) => name === kind));
  if (found.includes(undefined)) return { stampNs, contacts: null };
  const contacts = CONTACT_KINDS.flatMap((kind, index) =>
    (found[index]?.values ?? []).map(({ key, value }) => ({ kind, names: [key, value] as const })),
  );
  return { stampNs, contacts };
}
