import { describe, expect, it } from 'vitest';
import {
  driveLockstep,
  LOCKSTEP_PERIOD_NS,
  type LockstepPort,
} from '../../../eval/episodes/lockstep-driver.js';
import { JepaMpcError } from '../../../src/core/errors.js';
import { Arrivals } from '../../../eval/ros/demo-arrivals.js';

const IMAGE_PERIOD_NS = 5n * LOCKSTEP_PERIOD_NS;
const COMMANDS_BEFORE = 7;

type Message = 'clock' | 'period' | 'joints' | 'contacts' | 'objects' | 'command' | 'plan';

/**
 * A simulator and a planner that answer the teleport and each step with messages in a given order, each in its own turn of the event loop. The image of
 * the teleport is on time, later images are late.
 */
class FakePeers implements LockstepPort {
  readonly received = {
    clockNs: 1_010_000_000n,
    period: { stampNs: 1_010_000_000n, newestImageNs: 0n },
    commands: COMMANDS_BEFORE,
    plannedFrameNs: 1_010_000_000n,
    joints: null as { stampNs: bigint } | null,
    contactsNs: null as bigint | null,
    objects: null as { stampNs: bigint } | null,
  };
  readonly steps: number[] = [];
  readonly arrivals = new Arrivals();
  /** For each step, whether everything of the previous period had arrived. */
  readonly complete: boolean[] = [];
  readonly #order: readonly Message[];
  readonly #lateNs: bigint;
  #teleportNs = 0n;
  #pending = 0;

  constructor(order: readonly Message[], periodsLate = 0) {
    this.#order = order;
    this.#lateNs = BigInt(periodsLate) * LOCKSTEP_PERIOD_NS;
  }

  teleport(): void {
    this.#teleportNs = this.received.clockNs + LOCKSTEP_PERIOD_NS;
    this.#advance();
  }

  step(commands: number): void {
    this.steps.push(commands);
    this.complete.push(this.#pending === 0);
    this.#advance();
  }

  until(condition: () => boolean, awaited: string, timeoutMs: number): Promise<void> {
    return this.arrivals.until(condition, awaited, timeoutMs);
  }

  #advance(): void {
    const nowNs = this.received.clockNs + LOCKSTEP_PERIOD_NS;
    const newestImageNs = this.#newestImageNs(nowNs);
    const messages = this.#order.filter(
      (message) => message !== 'plan' || newestImageNs > this.received.plannedFrameNs,
    );
    this.#pending = messages.length;
    messages.forEach((message, turn) => setTimeout(() => { this.#deliver(message, nowNs, newestImageNs); }, turn)); // prettier-ignore
  }

  #newestImageNs(nowNs: bigint): bigint {
    const sinceTeleportNs = nowNs - this.#teleportNs - this.#lateNs;
    return (
      this.#teleportNs + (sinceTeleportNs > 0n ? sinceTeleportNs - (sinceTeleportNs % IMAGE_PERIOD_NS) : 0n)
    );
  }

  #deliver(message: Message, nowNs: bigint, newestImageNs: bigint): void {
    this.#pending--;
    if (message === 'clock') this.received.clockNs = nowNs;
    if (message === 'period') this.received.period = { stampNs: nowNs, newestImageNs };
    if (message === 'joints') this.received.joints = { stampNs: nowNs };
    if (message === 'contacts') this.received.contactsNs = nowNs;
    if (message === 'objects') this.received.objects = { stampNs: nowNs };
    if (message === 'command') this.received.commands++;
    if (message === 'plan') this.received.plannedFrameNs = newestImageNs;
    this.arrivals.notify();
  }
}

/** An episode of a teleport and this many steps. */
function drive(peers: FakePeers, steps: number, planning = true): Promise<void> {
  let left = steps;
  return driveLockstep(peers, {
    planning,
    timeoutMs: 200,
    teleport: () => {
      peers.teleport();
    },
    ended: () => --left === 0,
  });
}

const ORDERS: Message[][] = [
  ['joints', 'period', 'clock', 'command', 'plan'],
  ['plan', 'command', 'clock', 'joints', 'period'],
  ['clock', 'period', 'plan', 'joints', 'command'],
];

describe('driveLockstep', () => {
  it.each(ORDERS)(
    'takes a step only when all of the period is there: %s, %s, %s, %s, %s',
    async (...order) => {
      const peers = new FakePeers(order);
      await drive(peers, 12);
      expect(peers.complete).toEqual(Array(12).fill(true));
      expect(peers.steps).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
      expect(peers.received.clockNs).toBe(1_010_000_000n + 13n * LOCKSTEP_PERIOD_NS);
    },
  );

  it.each([
    ['contacts', { contactsNs: 1_010_000_000n }],
    ['objects', { objects: { stampNs: 1_010_000_000n } }],
  ] as const)('waits for %s where the simulator reports them', async (kind, before) => {
    const peers = new FakePeers(['plan', 'command', 'clock', 'joints', 'period', kind]);
    Object.assign(peers.received, before);
    await drive(peers, 12);
    expect(peers.complete).toEqual(Array(12).fill(true));
    const silent = new FakePeers(['plan', 'command', 'clock', 'joints', 'period']);
    Object.assign(silent.received, before);
    await expect(drive(silent, 12)).rejects.toThrow(/contacts, objects and command/);
  });

  it.each([1, 4, 7])(
    'waits for the plan from a late image in the period in which it is out, %i late',
    async (late) => {
      const peers = new FakePeers(
        ['plan', 'joints', 'period', 'command', 'clock'].reverse() as Message[],
        late,
      );
      await drive(peers, 12);
      expect(peers.complete).toEqual(Array(12).fill(true));
      expect(peers.received.plannedFrameNs).toBe(
        1_030_000_000n + BigInt(Math.floor((12 - late) / 5)) * IMAGE_PERIOD_NS,
      );
    },
  );

  it.each(['clock', 'period', 'joints', 'command'] as const)(
    'says what it waited for when no %s comes',
    async (missing) => {
      const peers = new FakePeers(
        (['joints', 'period', 'clock', 'command', 'plan'] as const).filter((message) => message !== missing),
      );
      const failure: unknown = await drive(peers, 3).catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(JepaMpcError);
      expect(failure).toMatchObject({
        code: 'demo.timeout',
        facts: { subject: expect.stringContaining('1.03 s') as string },
      });
      expect(peers.steps).toEqual([]);
    },
  );

  it('waits for the plan from a published image, and for none while the planner is paused', async () => {
    const silent: Message[] = ['joints', 'period', 'clock', 'command'];
    const waiting = new FakePeers(silent);
    await expect(drive(waiting, 12)).rejects.toThrow(/plan from the image of simulated time 1\.03 s/);
    expect(waiting.steps).toHaveLength(0);
    const paused = new FakePeers(silent);
    await drive(paused, 12, false);
    expect(paused.steps).toHaveLength(12);
  });
});
