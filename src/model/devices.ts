import { existsSync, readdirSync } from 'node:fs';

import { isNvidia } from './gpu-libraries.js';
import { gpuLibraries } from './installed-gpu.js';
import { listSupportedBackends } from './onnx-runtime.js';

/** Where a model runs: an execution provider of ONNX Runtime. */
export type Device = 'cpu' | 'cuda' | 'tensorrt' | 'webgpu';

/** Values of the parameter `device`. */
export type DeviceChoice = 'auto' | Device;

/** In the order in which `auto` tries them, or takes the first that works. */
const AUTOMATIC: readonly Device[] = ['cuda', 'tensorrt', 'webgpu', 'cpu'];

/** A device to try. `whyNot` says why it cannot work, if that is known without opening a session. */
export interface DeviceOutlook {
  readonly device: Device;
  readonly whyNot: string | null;
}

/**
 * Devices to try for a choice, in order. A device chosen by name is the only one that is tried, so that nobody plans on the CPU without
 * knowing.
 *
 * `auto` skips webgpu if there is no graphics device. It would also run on a software renderer, far slower than the CPU provider. Chosen by
 * name, it runs there too.
 */
export function devicesToTry(choice: DeviceChoice): readonly DeviceOutlook[] {
  if (choice !== 'auto') return [{ device: choice, whyNot: null }];
  return AUTOMATIC.map((device) => ({ device, whyNot: whyNot(device) }));
}

function whyNot(device: Device): string | null {
  if (!listSupportedBackends().some(({ name }) => name === device))
    return `this build of ONNX Runtime has no ${device} provider`;
  if (isNvidia(device) && !gpuLibraries.has(device))
    return `its provider is not installed (npm run setup -- --gpu${device === 'tensorrt' ? '=tensorrt' : ''})`;
  if (device === 'webgpu' && !hasGraphicsDevice())
    return 'there is no graphics device (no /dev/dri/renderD*, /dev/nvidia0 or /dev/dxg)';
  return null;
}

function hasGraphicsDevice(): boolean {
  const rendering =
    existsSync('/dev/dri') && readdirSync('/dev/dri').some((name) => name.startsWith('renderD'));
  return rendering || existsSync('/dev/nvidia0') || existsSync('/dev/dxg');
}
