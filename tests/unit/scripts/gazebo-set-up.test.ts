import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { gazeboCacheOf } from '../../../scripts/test-setup/gazebo/cache.mjs';
import { findMirror, type GazeboHost } from '../../../scripts/test-setup/gazebo/host.mjs';
import { gazeboEnvironment, setUpGazebo } from '../../../scripts/test-setup/gazebo/set-up.mjs';
import { layoutOf } from '../../../scripts/setup/layout.mjs';
import { SetupError } from '../../../scripts/setup/setup-error.mjs';
import { choosesGazebo, trainingNeedsGazebo } from '../../../scripts/setup/tasks.mjs';

/** A machine that can have Gazebo Classic. */
const ABLE: GazeboHost = {
  platform: 'linux',
  arch: 'x64',
  uid: 0,
  hasApt: true,
  hasDebootstrap: true,
  mayInstall: true,
  chrootBlocker: () => undefined,
  freeBytes: () => 1e12,
  findMirror: () => ({ mirror: 'http://near.example/debian' }),
};

let scratch: string;
let env: NodeJS.ProcessEnv;

beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), 'gazebo-'));
  env = { XDG_CACHE_HOME: join(scratch, 'cache') };
  write(join(scratch, 'checkout', 'sim', 'gazebo', 'plugin', 'arm.cc'), 'int arm;');
});

afterEach(() => {
  rmSync(scratch, { recursive: true, force: true });
});

const layout = () => layoutOf(join(scratch, 'checkout'));
const root = () => gazeboCacheOf(env).root;

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

/** A machine on which the commands of the set-up leave what the real ones do. */
class Machine {
  commands: string[] = [];
  progress = '';
  /** The command that contains it fails, once. */
  failing: string | undefined;

  readonly run = (what: string, command: readonly string[]): Promise<void> => {
    const line = command.join(' ');
    this.commands.push(line);
    if (line.includes('debootstrap --variant')) {
      write(join(root(), 'debootstrap', 'log'), '');
      write(join(root(), 'usr', 'bin', 'apt-get'), '');
    }
    if (this.failing !== undefined && line.includes(this.failing)) {
      this.failing = undefined;
      return Promise.reject(new SetupError('setup.command-failed', `${what} did not work`));
    }
    const workshop = /cd (\S+)/.exec(line)?.[1];
    if (workshop !== undefined) write(join(root(), workshop, 'libjepa_mpc_arm.so'), '');
    return Promise.resolve();
  };

  setUp(host: GazeboHost = ABLE): Promise<{ blocker: string | undefined }> {
    this.commands = [];
    this.progress = '';
    return setUpGazebo(layout(), env, (text) => (this.progress += text), host, this.run);
  }

  /** What the last set-up did, in a word for each command that makes something. */
  get made(): string[] {
    return this.commands.flatMap((line) => {
      if (line.includes('debootstrap --variant')) return ['debian'];
      if (line.includes('install gazebo ')) return ['gazebo'];
      if (line.includes('install libgazebo-dev ')) return ['compiler'];
      return line.includes('pkg-config --libs') ? ['plugin'] : [];
    });
  }
}

describe('the set-up of Gazebo Classic', () => {
  test('makes a Debian, Gazebo, a compiler and the plugin, and nothing the second time', async () => {
    const machine = new Machine();
    expect(await machine.setUp()).toEqual({ blocker: undefined });
    expect(machine.made).toEqual(['debian', 'gazebo', 'compiler', 'plugin']);
    expect(machine.progress).toMatch(/^\[2\/5\] Debian bullseye in .* … \d+\.\d s\n\[3\/5\]/);
    expect(await machine.setUp()).toEqual({ blocker: undefined });
    expect(machine).toMatchObject({ commands: [], progress: '' });
  });

  test('programs are told where the chroot and the plugin are, once both are there', async () => {
    const machine = new Machine();
    machine.failing = 'pkg-config --libs';
    await expect(machine.setUp()).rejects.toThrow('plugin');
    expect(gazeboEnvironment(layout(), env, ABLE)).toEqual({});
    await machine.setUp();
    const told = gazeboEnvironment(layout(), env, ABLE);
    expect(told).toEqual({
      JEPA_MPC_GAZEBO_ROOT: root(),
      JEPA_MPC_GAZEBO_PLUGIN: expect.stringMatching(
        /^\/opt\/jepa_mpc\/[0-9a-f]{16}\/libjepa_mpc_arm\.so$/,
      ) as string,
    });
    expect(gazeboEnvironment(layout(), { ...env, ...told }, ABLE)).toEqual(told);
    expect(gazeboEnvironment(layout(), env, { ...ABLE, uid: 1000 })).toEqual({});
  });

  test.each([
    ['debootstrap --variant', ['debian', 'gazebo', 'compiler', 'plugin']],
    ['install gazebo ', ['gazebo', 'compiler', 'plugin']],
    ['install libgazebo-dev ', ['compiler', 'plugin']],
    ['pkg-config --libs', ['plugin']],
  ])('cut off at "%s", goes on with %j', async (failing, made) => {
    const machine = new Machine();
    machine.failing = failing;
    await expect(machine.setUp()).rejects.toThrow(SetupError);
    write(join(root(), 'half-made'), '');
    expect(await machine.setUp()).toEqual({ blocker: undefined });
    expect(machine.made).toEqual(made);
    // A base system is made from nothing; what is installed into it stays.
    expect(existsSync(join(root(), 'half-made'))).toBe(failing !== 'debootstrap --variant');
  });

  test('packages that were cut off are finished first, even if some cannot be yet', async () => {
    const machine = new Machine();
    machine.failing = 'install gazebo ';
    await expect(machine.setUp()).rejects.toThrow('gazebo');
    machine.failing = 'dpkg --configure -a';
    await machine.setUp();
    const words = ['dpkg --configure -a', 'update', '--fix-broken install', 'install gazebo ', 'clean'];
    expect(machine.commands.slice(0, words.length)).toEqual(
      words.map((word) => expect.stringContaining(word) as string),
    );
  });

  test('no service starts in the chroot, and the mirror is that of the machine', async () => {
    await new Machine().setUp();
    expect(readFileSync(join(root(), 'usr', 'sbin', 'policy-rc.d'), 'utf8')).toContain('exit 101');
    expect(readFileSync(join(root(), 'etc', 'apt', 'sources.list'), 'utf8')).toBe(
      'deb http://near.example/debian bullseye main\n',
    );
  });

  test('an edited plugin is another one, and that of a checkout beside it stays', async () => {
    const machine = new Machine();
    await machine.setUp();
    const before = gazeboEnvironment(layout(), env, ABLE)['JEPA_MPC_GAZEBO_PLUGIN'];
    write(join(layout().gazeboPlugin, 'arm.cc'), 'int other_arm;');
    expect(gazeboEnvironment(layout(), env, ABLE)).toEqual({});
    await machine.setUp();
    expect(machine.made).toEqual(['plugin']);
    expect(gazeboEnvironment(layout(), env, ABLE)['JEPA_MPC_GAZEBO_PLUGIN']).not.toBe(before);
    expect(readdirSync(join(root(), 'opt', 'jepa_mpc'))).toHaveLength(2);
  });

  test('two checkouts at once make it once', async () => {
    const [one, other] = [new Machine(), new Machine()];
    await Promise.all([one.setUp(), other.setUp()]);
    expect([...one.made, ...other.made]).toEqual(['debian', 'gazebo', 'compiler', 'plugin']);
    expect(other.progress).toContain('waiting for another set-up of Gazebo Classic');
    expect(existsSync(gazeboCacheOf(env).lock)).toBe(false);
  });

  test("the user's own chroot is taken as it is, with the plugin put in", async () => {
    env = { ...env, JEPA_MPC_GAZEBO_ROOT: join(scratch, 'theirs') };
    const machine = new Machine();
    await expect(machine.setUp()).rejects.toMatchObject({
      facts: { found: `no usr/bin/gzserver in ${join(scratch, 'theirs')}` },
    });
    write(join(scratch, 'theirs', 'usr', 'bin', 'gzserver'), '');
    expect(await machine.setUp({ ...ABLE, arch: 'riscv64', hasApt: false })).toEqual({ blocker: undefined });
    expect(machine.made).toEqual(['plugin']);
  });
});

describe('a machine that cannot have Gazebo Classic', () => {
  test.each<[string, Partial<GazeboHost>]>([
    ['and this is darwin', { platform: 'darwin' }],
    ['which only root may enter, and this is user 1000', { uid: 1000 }],
    ['amd64 and arm64, and this is riscv64', { arch: 'riscv64' }],
    ['no relative of Debian (there is no apt-get)', { hasApt: false }],
    ['JEPA_MPC_SETUP_APT=0 forbids to install it', { hasDebootstrap: false, mayInstall: false }],
    ['nobody may', { chrootBlocker: () => 'nobody may' }],
    [`needs 4.0 GB in `, { freeBytes: () => 3.9e9 }],
    ['where 3.9 GB are free', { freeBytes: () => 3.9e9 }],
    ['gone', { findMirror: () => ({ blocker: 'gone' }) }],
  ])('says "%s", in one line, and touches nothing', async (reason, host) => {
    const machine = new Machine();
    const { blocker } = await machine.setUp({ ...ABLE, ...host });
    expect(blocker).toContain(reason);
    expect(blocker).not.toContain('\n');
    expect(machine.commands).toEqual([]);
    expect(existsSync(root())).toBe(false);
  });

  test('neither room nor a mirror is asked for once the packages are there', async () => {
    const machine = new Machine();
    machine.failing = 'pkg-config --libs';
    await expect(machine.setUp()).rejects.toThrow(SetupError);
    const later = { freeBytes: () => 1e8, findMirror: () => ({ blocker: 'gone' }) };
    expect(await machine.setUp({ ...ABLE, ...later })).toEqual({ blocker: undefined });
  });
});

describe('the mirror that Gazebo Classic comes from', () => {
  const debian = { text: 'Origin: Debian\nSuite: oldoldstable\n' };

  test("is the first that has the release, if it is Debian's own", () => {
    const answers: Record<string, { text: string } | { blocker: string }> = {
      'http://a.example': { blocker: '404 Not Found' },
      'http://b.example': { text: 'Origin: Somebody\n' },
      'http://c.example': debian,
    };
    const download = (mirror: string) => answers[mirror] ?? { blocker: 'unknown' };
    expect(findMirror(Object.keys(answers), download)).toEqual({ mirror: 'http://c.example' });
  });

  test('is missed with what each candidate answered', () => {
    const answer = findMirror(['http://a.example', 'http://b.example'], (mirror) =>
      mirror.includes('a.') ? { blocker: '404 Not Found' } : { blocker: 'Could not resolve' },
    );
    expect(answer).toEqual({
      blocker:
        'no mirror has Debian bullseye, with Gazebo Classic 11, for this machine (http://a.example: 404 Not Found; http://b.example: Could not resolve)',
    });
  });
});

test.each([
  [['--simulator', 'gazebo', '--headless'], true],
  [['--simulator=gazebo'], true],
  [['--simulator', 'mujoco'], false],
  [['--json', 'gazebo'], false],
  [[], false],
])('%j chooses Gazebo: %s', (args, expected) => {
  expect(choosesGazebo(args)).toBe(expected);
});

test.each([
  [['collect', '--simulator', 'gazebo'], true],
  [['collect', '--simulator=mujoco'], false],
  [['all', '--set=collect.gazebo_episodes=400'], true],
  [['evaluate', '--set', 'evaluate.gazebo_episodes=20'], true],
  [['all', '--set', 'collect.gazebo_episodes=0'], false],
  [['all', '--run', 'runs/gazebo'], false],
])('training with %j needs Gazebo: %s', (args, expected) => {
  expect(trainingNeedsGazebo(args)).toBe(expected);
});

test.each([
  ["# in Gazebo\n--run runs/a --set 'collect.gazebo_episodes=400'\n", true],
  ['--simulator gazebo', true],
  ['# --simulator gazebo\n--set collect.gazebo_episodes=0', false],
])('training with a file of the options %j needs Gazebo: %s', (options, expected) => {
  const file = join(scratch, 'options.args');
  writeFileSync(file, options);
  expect(trainingNeedsGazebo(['all', `@${file}`])).toBe(expected);
  expect(trainingNeedsGazebo(['all', `@${file}.gone`])).toBe(false);
});
