import { listSupportedBackends } from 'onnxruntime-node';

/** Where a model runs; an execution provider of ONNX Runtime. */
export type Device = 'cpu' | 'cuda' | 'tensorrt' | 'webgpu';

/** What can be asked for. */
export type DeviceChoice = 'auto' | Device;

/**
 * Devices to try for a choice, in order.
 *
 * `auto` is cuda where this build of ONNX Runtime knows it, then cpu. It never takes webgpu, which would also accept a software
 * adapter that is far slower than the cpu, nor tensorrt, which builds engines for minutes on its first run: ask for these by name. A device
 * asked for by name is tried alone, so that nobody plans on the cpu unawares.
 */
export function devicesToTry(choice: DeviceChoice): readonly Device[] {
  if (choice !== 'auto') return [choice];
  return listSupportedBackends().some(({ name }) => name === 'cuda') ? ['cuda', 'cpu'] : ['cpu'];
}
