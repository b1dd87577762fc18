import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { Command } from 'commander';

import { JepaMpcError } from '../core/errors.js';
import { parseManifest } from '../model/manifest.js';
import { plannerInterface } from '../ros/security/node-interface.js';
import { judgePolicy, requirePermissions } from '../ros/security/policy.js';

interface Flags {
  readonly model: string;
  readonly namespace: string;
  readonly node: string;
}

/** `policy`: checks a security policy against what the planner node needs. */
export function policyCommand(): Command {
  return new Command('policy')
    .description(
      'Hold a security policy of SROS 2 against what the planner node needs: status 0 when nothing is missing, else 1 and what is.',
    )
    .argument('<file>', 'the policy, such as config/security/policy.xml')
    .option('--model <dir>', 'folder of the model, whose manifest names the cameras', 'models/reacher')
    .option('--namespace <ns>', 'namespace of the node', '/')
    .option('--node <name>', 'name of the node', 'planner_node')
    .action(async (file: string, { model, namespace, node }: Flags) => {
      try {
        const manifestPath = join(model, 'manifest.json');
        const { cameras } = parseManifest(await readText(manifestPath, 'model.missing-file'), manifestPath);
        const needs = plannerInterface(cameras);
        const text = await readText(file, 'security.policy');
        const verdict = judgePolicy(text, file, { namespace, name: node }, needs);
        requirePermissions(verdict, file);
        console.log(`${file}: the node has the ${String(verdict.granted.length)} permissions that it needs`);
        for (const permission of verdict.excess) console.log(`  more than it needs: ${permission}`);
      } catch (error) {
        if (!(error instanceof JepaMpcError)) throw error;
        console.error(error.message);
        process.exitCode = 1;
      }
    });
}

async function readText(path: string, code: 'model.missing-file' | 'security.policy'): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new JepaMpcError(code, {
      subject: path,
      found: error instanceof Error ? error.message : String(error),
      expected: 'a file that can be read',
      remedy: 'Check the path.',
      cause: error,
    });
  }
}
