import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { ModelCard } from '../../../src/model-check/model-card.js';
import { addForeignOperator, changeGraph } from '../../fixtures/change-graph.js';
import { goldenOffset } from '../../fixtures/golden-offset.js';
import { addInverseDynamics } from '../../fixtures/inverse-dynamics.js';
import { tinyModelFolder, TinyModelCopy } from '../../fixtures/tiny-model.js';

const ROOT = new URL('../../../', import.meta.url);
const MAIN = fileURLToPath(new URL('dist/eval/main.js', ROOT));
const REACHER = fileURLToPath(new URL('models/reacher', ROOT));
/** Vulkan on the processor, as Debian's chromium package ships it. */
const SWIFTSHADER = '/usr/lib/chromium/vk_swiftshader_icd.json';

interface Ended {
  readonly status: number | null;
  readonly output: string;
  readonly errors: string;
}

/** The command in a process of its own, as a user starts it: no ROS 2 in sight. */
function check(folder: string, args: readonly string[] = ['--device', 'cpu']): Promise<Ended> {
  const env = { PATH: process.env['PATH'], VK_ICD_FILENAMES: SWIFTSHADER };
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [MAIN, 'model', 'check', folder, ...args],
      { env },
      (_, output, errors) => {
        resolve({ status: child.exitCode, output, errors });
      },
    );
  });
}

let scratch: string;

beforeEach(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'model-check-'));
});

afterEach(async () => {
  await rm(scratch, { recursive: true });
});

async function report(): Promise<unknown> {
  return JSON.parse(await readFile(join(scratch, 'card.json'), 'utf8'));
}

describe('jepa-mpc model check, of a model that holds', () => {
  it('compares the proposals of inverse dynamics with their golden vectors, too', async () => {
    const copy = await TinyModelCopy.create();
    try {
      await addInverseDynamics(copy);
      const { status, output } = await check(copy.folder);
      expect(output).toMatch(
        /^ {2}inverseDynamics inverseDynamics\.onnx, .* golden inverseDynamics\.actions/m,
      );
      expect(status).toBe(0);
    } finally {
      await copy.remove();
    }
  });

  it('prints its card, writes the same facts, and ends with status 0', async () => {
    const { status, output } = await check(REACHER, [
      '--device',
      'cpu',
      '--json',
      join(scratch, 'card.json'),
    ]);
    expect(output).toMatch(/^reacher: Planar arm/);
    expect(output).toMatch(/licence +Apache-2.0/);
    expect(output).toMatch(/camera +image, topic image: 64 x 64 rgb, squash/);
    expect(output).toMatch(/latent +1 x 32/);
    expect(output).toMatch(/history +sliding, window 2/);
    expect(output).toMatch(/one every 100 ms, 2 in a predictor step \(200 ms\)/);
    expect(output).toMatch(/joint_velocity in rad\/s.*shoulder: -2 to 2\n/s);
    expect(output).toMatch(/golden predictor.next: 8 rows within \S+ \(tolerance 0.0001\)/);
    expect(output).toMatch(/parameters +1,312,057/);
    expect(output).toMatch(/a candidate +\S+ kB in the rollout at its peak.*; 640 B of predicted latents/);
    expect(output).toMatch(/an iteration in one run; costs within \S+ of those step by step/);
    expect(output).toMatch(
      /candidates +the costs of 64 random ones from 8 golden latents to others differ by \d.* % of their mean\n/,
    );
    expect(output).toMatch(/a plan +\S+ ms \(2 iterations\)\n +measured on +cpu, 1 thread; .* cores\n/);
    expect(output.trimEnd()).toMatch(/everything holds$/);
    expect(status).toBe(0);

    const card = (await report()) as ModelCard & { readonly holds: boolean };
    const manifest: unknown = JSON.parse(await readFile(join(REACHER, 'manifest.json'), 'utf8'));
    expect(card.holds).toBe(true);
    expect(card.manifest).toMatchObject(manifest as object);
    expect(card.graphs.map(({ name }) => name)).toEqual(['encoder', 'predictor', 'distance']);
    for (const { golden } of card.graphs) expect(golden.worst).toBeLessThanOrEqual(golden.tolerance);
    // 5 steps of 32 floats; the peak has at least these and the actions.
    expect(card.latentBytesPerCandidate).toBe(640);
    expect(card.planning.peakBytesPerCandidate).toBeGreaterThan(640 + 80);
    for (const ms of [card.planning.encodeMs, card.planning.iterationMs, card.planning.planMs])
      expect(ms).toBeGreaterThan(0);
    expect(card.planning.spread).toMatchObject({ starts: 8, candidates: 64 });
    expect(card.planning.spread.relative).toBeGreaterThan(0.02);
    expect(card.planning).toMatchObject({ samples: 100, iterations: 2, horizon: 5, fallbacks: [] });
  });

  it('says that a rollout cannot be compiled, and why: the model may be planned with all the same', async () => {
    const copy = await TinyModelCopy.create();
    await copy.changeFile('predictor.onnx', (bytes) => changeGraph(bytes, addForeignOperator));
    const checkpointSha256 = 'c0ffee00'.repeat(8);
    await copy.changeManifest(({ provenance }) => Object.assign(provenance, { checkpointSha256 }));
    const { status, output } = await check(copy.folder);
    expect(output).toContain(`checkpoint      SHA-256 ${checkpointSha256}`);
    expect(output).toMatch(/rollout +step by step on the host\n +not as requested: .*Shrink/);
    expect(output).toMatch(/a candidate +.*the rest is not known/);
    expect(status).toBe(0);
    await copy.remove();
  });

  it('runs it on the device that is named', async ({ skip }) => {
    skip(
      !existsSync(SWIFTSHADER),
      `no ${SWIFTSHADER}: install the Debian packages chromium-common and libvulkan1`,
    );
    const { status, output } = await check(tinyModelFolder, ['--device', 'webgpu']);
    expect(output).toMatch(/measured on +webgpu/);
    // That of webgpu; the cpu's is 0.00001.
    expect(output).toMatch(/golden encoder.latent: .* \(tolerance 0.0001\)/);
    expect(status).toBe(0);
  });
});

describe('jepa-mpc model check, of a model that does not hold', () => {
  it('names the golden vector, its entry, what was found and what was expected, and ends with status 1', async () => {
    const folder = join(scratch, 'reacher');
    await cp(REACHER, folder, { recursive: true });
    const bytes = await readFile(join(folder, 'golden.safetensors'));
    // Row 2, token 0, number 3.
    const offset = goldenOffset(bytes, 'predictor.next') + 4 * (2 * 32 + 3);
    const expected = Math.fround(bytes.readFloatLE(offset) + 0.01);
    bytes.writeFloatLE(expected, offset);
    await writeFile(join(folder, 'golden.safetensors'), bytes);
    const manifest = await readFile(join(folder, 'manifest.json'), 'utf8');
    const hash = createHash('sha256').update(bytes).digest('hex');
    const changed = manifest.replace(/(golden\.safetensors",\s*"sha256": ")[0-9a-f]+/, `$1${hash}`);
    await writeFile(join(folder, 'manifest.json'), changed);

    const { status, output } = await check(folder, ['--device', 'cpu', '--json', join(scratch, 'card.json')]);
    expect(status).toBe(1);
    expect(output).toContain('model.golden-mismatch');
    expect(output).toMatch(/what +predictor\.next of .*golden\.safetensors/);
    expect(output).toMatch(/found +\S+ at entry \[2, 0, 3\] \(difference 0\.0(0999|1)/);
    expect(output).toContain(`expected  ${String(expected)} within 0.0001`);
    expect(await report()).toMatchObject({
      holds: false,
      device: 'cpu',
      error: { code: 'model.golden-mismatch', expected: `${String(expected)} within 0.0001` },
    });
  });

  it('says so of a folder that is none', async () => {
    const { status, output } = await check(join(scratch, 'nothing'));
    expect(status).toBe(1);
    expect(output).toMatch(/model\.missing-file\n +what +.*manifest\.json/);
  });

  it('says so of a model that predicts no numbers for some actions inside its bounds', async () => {
    const copy = await TinyModelCopy.create();
    await copy.changeManifest((manifest) => {
      // The predictor knows of no such actions: what it adds up is no longer finite.
      manifest.action.upper = manifest.action.upper.map(() => 3e38);
      manifest.action.std = manifest.action.std.map(() => 1e-3);
    });
    const { status, output } = await check(copy.folder);
    expect(output).toMatch(/planner\.not-finite\n/);
    expect(status).toBe(1);
    await copy.remove();
  });

  it('does not know other devices', async () => {
    const { status, errors } = await check(tinyModelFolder, ['--device', 'abacus']);
    expect(errors).toMatch(/Allowed choices are auto, cpu, cuda, tensorrt, webgpu/);
    expect(status).toBe(1);
  });
});

describe('the program jepa-mpc', () => {
  it('is what npx starts', async () => {
    const { bin } = JSON.parse(await readFile(new URL('package.json', ROOT), 'utf8')) as {
      readonly bin: Readonly<Record<string, string>>;
    };
    const program = new URL(bin['jepa-mpc'] ?? '', ROOT);
    expect(fileURLToPath(program)).toBe(MAIN);
    expect(await readFile(program, 'utf8')).toMatch(/^#!\/usr\/bin\/env node\n/);
  });
});
