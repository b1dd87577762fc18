import type { JSX } from 'preact';
import { useRef } from 'preact/hooks';

import type { JointInfo } from '../../protocol.js';
import { useApp } from '../app.js';
import { useDrawing } from '../controls/visibility.js';
import { writeFixed } from '../text/numbers.js';

export interface JointGaugeProps {
  readonly joint: JointInfo;
  readonly index: number;
  readonly isInView: boolean;
  readonly hasCommand: boolean;
}

/** Where a joint is between its limits, and where it is commanded to. Nothing for a joint without limits. */
export function JointGauge({ joint, index, isInView, hasCommand }: JointGaugeProps): JSX.Element | null {
  const { dashboard } = useApp();
  const meter = useRef<HTMLDivElement>(null);
  const { lower, upper, unit } = joint;
  useDrawing(() => {
    if (lower === null || upper === null || meter.current === null) return;
    const share = (value: number): string =>
      `${String(Math.min(100, Math.max(0, (100 * (value - lower)) / (upper - lower))))}%`;
    const position = dashboard.joints.newestPosition(index);
    if (Number.isNaN(position)) return;
    const { style } = meter.current;
    style.setProperty('--at', share(position));
    if (hasCommand) style.setProperty('--to', share(dashboard.joints.newestCommand(index)));
    meter.current.setAttribute('aria-valuenow', position.toFixed(3));
  }, isInView);
  if (lower === null || upper === null) return <p class="soft gauge-none">no position limits</p>;
  return (
    <div class="gauge">
      <span>{writeFixed(lower, 2)}</span>
      <div
        ref={meter}
        class="gauge-track"
        role="meter"
        aria-label={`Position of ${joint.name} [${unit}]`}
        aria-valuemin={lower}
        aria-valuemax={upper}
        aria-valuenow={0}
      >
        {hasCommand ? <span class="gauge-command" /> : null}
        <span class="gauge-mark" />
      </div>
      <span>{`${writeFixed(upper, 2)} ${unit}`}</span>
    </div>
  );
}
