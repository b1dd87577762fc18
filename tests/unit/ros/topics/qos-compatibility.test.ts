import { describe, expect, it } from 'vitest';

import { bestAvailable, mismatch } from '../../../../src/ros/topics/qos-compatibility.js';
import type { Endpoint } from '../../../../src/ros/topics/endpoints.js';
import { durabilityPolicy, reliabilityPolicy } from '../../../../src/ros/topics/qos-policies.js';
import type { Durability, Reliability, WantedQos } from '../../../../src/ros/topics/qos-policies.js';

function endpoint(reliability: Reliability, durability: Durability): Endpoint {
  return {
    node_name: 'camera',
    node_namespace: '/',
    topic_type: 'sensor_msgs/msg/Image',
    qos_profile: { reliability: reliabilityPolicy[reliability], durability: durabilityPolicy[durability] },
  };
}
const qosOf = (reliability: Reliability, durability: Durability): Endpoint['qos_profile'] =>
  endpoint(reliability, durability).qos_profile;

describe('mismatch', () => {
  it('names the policy of which less is offered than requested', () => {
    const strong = qosOf('reliable', 'transient_local');
    expect(mismatch(qosOf('best_effort', 'transient_local'), strong)).toEqual({
      policy: 'reliability',
      offered: 'best_effort',
      requested: 'reliable',
    });
    expect(mismatch(qosOf('reliable', 'volatile'), strong)?.policy).toBe('durability');
  });

  it('is none where as much or more is offered', () => {
    for (const offered of [qosOf('reliable', 'transient_local'), qosOf('best_effort', 'volatile')]) {
      expect(mismatch(offered, qosOf('best_effort', 'volatile'))).toBeNull();
    }
    expect(mismatch(qosOf('reliable', 'volatile'), qosOf('reliable', 'volatile'))).toBeNull();
  });
});

describe('bestAvailable', () => {
  const wanted: WantedQos = { depth: 1, reliability: 'best_available', durability: 'best_available' };

  it('before there is a publisher is compatible with any, and gets what they have kept', () => {
    expect(bestAvailable(wanted, [])).toEqual({
      depth: 1,
      reliability: 'best_effort',
      durability: 'transient_local',
    });
  });

  it('asks for what every publisher offers', () => {
    const reliable = endpoint('reliable', 'transient_local');
    expect(bestAvailable(wanted, [reliable, reliable])).toMatchObject({
      reliability: 'reliable',
      durability: 'transient_local',
    });
    expect(bestAvailable(wanted, [reliable, endpoint('best_effort', 'volatile')])).toMatchObject({
      reliability: 'best_effort',
      durability: 'volatile',
    });
  });

  it('is compatible with every known publisher, whatever they offer', () => {
    const reliabilities = ['reliable', 'best_effort'] as const;
    const durabilities = ['transient_local', 'volatile'] as const;
    const all = reliabilities.flatMap((one) => durabilities.map((other) => endpoint(one, other)));
    for (const first of all) {
      for (const second of all) {
        const { reliability, durability } = bestAvailable(wanted, [first, second]);
        const requested = qosOf(reliability, durability);
        expect(mismatch(first.qos_profile, requested)).toBeNull();
        expect(mismatch(second.qos_profile, requested)).toBeNull();
      }
    }
  });

  it('leaves alone what is fixed', () => {
    const fixed: WantedQos = { depth: 3, reliability: 'reliable', durability: 'volatile' };
    expect(bestAvailable(fixed, [endpoint('best_effort', 'volatile')])).toEqual(fixed);
  });
});
