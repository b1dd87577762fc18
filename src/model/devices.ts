import { existsSync, readdirSync } from 'node:fs';

import { listSupportedBackends } from 'onnxruntime-node';

/** Where a model runs; an execution provider of ONNX Runtime. */
export type Device = 'cpu' | 'cuda' | 'tensorrt' | 'webgpu';

/** What can be asked for. */
export type DeviceChoice = 'auto' | Device;

/** In the order in which `auto` tries them. */
const AUTOMATIC: readonly Device[] = ['cuda', 'tensorrt', 'webgpu', 'cpu'];

/** A device to try, and why there is no point in it, as far as that can be told without opening a session. */
export interface DeviceOutlook {
  readonly device: Device;
  readonly whyNot: string | null;
}

/**
 * Devices to try for a choice, in order. A device asked for by name is tried alone, so that nobody plans on the cpu unawares.
 *
 * `auto` leaves webgpu out where there is no graphics device: it would also run on a processor that plays one, far slower than the cpu
 * provider. By name it runs there too.
 */
export function devicesToTry(choice: DeviceChoice): readonly DeviceOutlook[] {
  if (choice !== 'auto') return [{ device: choice, whyNot: null }];
  return AUTOMATIC.map((device) => ({ device, whyNot: whyNot(device) }));
}

function whyNot(device: Device): string | null {
  if (!listSupportedBackends().some(({ name }) => name === device))
    return `this build of ONNX Runtime has no ${device} provider`;
  if (device === 'webgpu' && !hasGraphicsDevice())
    return 'there is no graphics device (no /dev/dri/renderD*, /dev/nvidia0 or /dev/dxg)';
  return null;
}

function hasGraphicsDevice(): boolean {
  const rendering =
    existsSync('/dev/dri') && readdirSync('/dev/dri').some((name) => name.startsWith('renderD'));
  return rendering || existsSync('/dev/nvidia0') || existsSync('/dev/dxg');
}
