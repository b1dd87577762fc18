/**
 * The bill of materials of an installed node, as CycloneDX: every package of npm that is no development package, with its licence, from the
 * lock file alone. `npm run sbom -- --file FILE` writes it; without a file it is only checked.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

/** Licences of what a node may bring along. libvips (LGPL) is a library of its own, loaded by sharp. */
export const ALLOWED_LICENCES = new Set([
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'CC0-1.0',
  'ISC',
  'LGPL-3.0-or-later',
  'MIT',
]);

/** Licences that packages write in another way than SPDX. */
const SPDX = new Map([['Apache2', 'Apache-2.0']]);

/**
 * @typedef {object} Component
 * @property {string} name
 * @property {string} version
 * @property {string} [bom-ref]
 * @property {{ license?: { id?: string, name?: string }, expression?: string }[]} [licenses]
 * @property {{ name: string, value: string }[]} [properties]
 *
 * @typedef {object} Sbom
 * @property {string} bomFormat
 * @property {Component[]} components
 * @property {{ ref: string, dependsOn?: string[] }[]} [dependencies]
 *
 * @typedef {{ version?: string, license?: string, dev?: boolean, link?: boolean, name?: string }} LockEntry
 */

/**
 * @param {string} root
 * @returns {Record<string, LockEntry>} installed packages by their paths, without those for development
 */
export function productionPackages(root) {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  return Object.fromEntries(
    Object.entries(packages).filter(
      ([path, entry]) => path !== '' && entry.dev !== true && entry.link !== true,
    ),
  );
}

/**
 * Leaves development packages out, and writes licences as SPDX has them. (`npm sbom --omit dev` of npm 11 also leaves out what both the product
 * and a tool need.)
 *
 * @param {Sbom} whole what `npm sbom` gives
 * @param {Record<string, LockEntry>} packages
 * @returns {Sbom}
 */
export function productionSbom(whole, packages) {
  const licences = new Map(
    Object.entries(packages).map(([path, { version, license }]) => [
      `${nameOf(path)}@${version ?? ''}`,
      license,
    ]),
  );
  const components = whole.components
    .filter(({ properties = [] }) => !properties.some(({ name }) => name === 'cdx:npm:package:development'))
    .map((component) => {
      const written = licences.get(`${component.name}@${component.version}`);
      const id = component.licenses === undefined ? SPDX.get(written ?? '') : undefined;
      return id === undefined ? component : { ...component, licenses: [{ license: { id } }] };
    });
  const refs = new Set(components.map((component) => component['bom-ref']));
  const dependencies = (whole.dependencies ?? []).flatMap(({ ref, dependsOn = [] }, index) =>
    index === 0 || refs.has(ref) ? [{ ref, dependsOn: dependsOn.filter((other) => refs.has(other)) }] : [],
  );
  return { ...whole, components, dependencies };
}

/**
 * @param {Sbom} sbom
 * @param {Record<string, LockEntry>} packages
 * @returns {string[]} what is wrong with it: packages that are missing, and licences that are not allowed
 */
export function problemsOf(sbom, packages) {
  const listed = new Map(
    sbom.components.map((component) => [`${component.name}@${component.version}`, component]),
  );
  return Object.entries(packages).flatMap(([path, { version }]) => {
    const name = `${nameOf(path)}@${version ?? ''}`;
    const component = listed.get(name);
    if (component === undefined) return [`${name} is not listed`];
    const licence = licenceOf(component);
    if (licence === null) return [`${name} names no licence`];
    return isAllowed(licence) ? [] : [`${name} has the licence ${licence}, which is not among those allowed`];
  });
}

/** @param {string} path in the lock file */
function nameOf(path) {
  return path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
}

/** @param {Component} component @returns {string | null} */
function licenceOf({ licenses: [first] = [] }) {
  return first?.expression ?? first?.license?.id ?? first?.license?.name ?? null;
}

/**
 * @param {string} expression of SPDX: AND binds more tightly than OR
 * @returns {boolean}
 */
export function isAllowed(expression) {
  const plain = expression.replaceAll(/[()]/g, '');
  return plain
    .split(' OR ')
    .some((choice) => choice.split(' AND ').every((id) => ALLOWED_LICENCES.has(id.trim())));
}

/**
 * @param {string} root of the checkout
 * @returns {Sbom}
 */
export function sbomOf(root) {
  const { stdout, stderr, error } = spawnSync(
    'npm',
    ['sbom', '--package-lock-only', '--sbom-format', 'cyclonedx', '--offline'],
    { cwd: root, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024, timeout: 60_000 },
  );
  try {
    return productionSbom(JSON.parse(stdout), productionPackages(root));
  } catch (cause) {
    throw new Error(`npm sbom gave no JSON: ${error?.message ?? stderr.trim()}`, { cause });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({ options: { file: { type: 'string' } } });
  const root = fileURLToPath(new URL('../..', import.meta.url));
  const sbom = sbomOf(root);
  const problems = problemsOf(sbom, productionPackages(root));
  for (const problem of problems) process.stderr.write(`${problem}\n`);
  if (values.file !== undefined) writeFileSync(values.file, `${JSON.stringify(sbom, null, 2)}\n`);
  const where = values.file === undefined ? '' : ` in ${values.file}`;
  process.stdout.write(
    `${String(sbom.components.length)} packages, ${String(problems.length)} problems${where}\n`,
  );
  if (problems.length > 0) process.exitCode = 1;
}
