import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { cpus, release } from 'node:os';
import { join } from 'node:path';

/**
 * What the speed of a device depends on, besides the model: processor, graphics devices, and their drivers.
 *
 * @param root of the file system
 */
export function machineFacts(root = '/'): readonly string[] {
  const [processor] = cpus();
  return [
    `${processor?.model ?? ''} x ${String(cpus().length)}`,
    // Drivers other than NVIDIA's come with the kernel.
    release(),
    read(join(root, 'proc/driver/nvidia/version')),
    ...graphicsDevices(join(root, 'sys/class/drm')),
  ];
}

/** Vendor and device of each one that renders. */
function graphicsDevices(folder: string): readonly string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.startsWith('renderD'))
    .sort()
    .map((name) => ['vendor', 'device'].map((fact) => read(join(folder, name, 'device', fact))).join(':'));
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return ''; // there is no such device
  }
}
