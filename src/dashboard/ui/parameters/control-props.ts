import type { ParameterInfo, ParameterValue } from '../../protocol.js';

/** What every control of a parameter gets. */
export interface ControlProps {
  readonly parameter: ParameterInfo;
  readonly value: ParameterValue | undefined;
  readonly isDisabled: boolean;
  /** Ids of the elements that name and describe the control. */
  readonly labelId: string;
  readonly describedBy: string;
  readonly isRefused: boolean;
  /** Resolves with whether the value was taken. */
  readonly onSet: (value: ParameterValue) => Promise<boolean>;
  /** What a person typed is no value at all. */
  readonly onProblem: (message: string) => void;
}
