import { JepaMpcError } from '../../core/errors.js';
import { nearestName } from '../../core/names.js';
import { attribute, childElements, type XmlElement } from '../../robot/urdf-xml.js';
import { isElement, parseXml } from '../../robot/xml.js';
import type { NodeInterface } from './node-interface.js';

/** Version of the policy schema of SROS 2. */
const SCHEMA = '0.2.0';

/** What may be granted: the attribute of the policy, the list that has it, its entries, and what it lets a node do. */
const PERMISSIONS = [
  { side: 'publishes', list: 'topics', entry: 'topic', attribute: 'publish' },
  { side: 'subscribes', list: 'topics', entry: 'topic', attribute: 'subscribe' },
  { side: 'replies', list: 'services', entry: 'service', attribute: 'reply' },
  { side: 'executes', list: 'actions', entry: 'action', attribute: 'execute' },
] as const satisfies readonly {
  side: keyof NodeInterface;
  list: string;
  entry: string;
  attribute: string;
}[];

/** Name and namespace of a node. */
export interface NodeIdentity {
  /** Such as `/` or `/robot1`. */
  readonly namespace: string;
  readonly name: string;
}

/** What the policy says of one node. */
export interface PolicyVerdict {
  /** Permissions that the node needs and has: `publish /commands`. */
  readonly granted: readonly string[];
  /** Permissions that it needs and lacks, or that are denied. */
  readonly missing: readonly string[];
  /** Permissions that it has and does not need. */
  readonly excess: readonly string[];
}

/** One list of a profile: what it grants or denies. */
interface Rule {
  readonly permission: string;
  readonly qualifier: 'ALLOW' | 'DENY';
  /** Fully qualified; may have the wildcards * and ?. */
  readonly names: readonly string[];
}

/**
 * Compares a security policy of SROS 2 with what a node needs.
 *
 * @param text the policy, XML of the schema 0.2.0
 * @param subject what to call the file in an error
 * @throws JepaMpcError `security.policy` for a file that is no such policy, or that has no profile of this node
 */
export function judgePolicy(
  text: string,
  subject: string,
  node: NodeIdentity,
  needs: NodeInterface,
): PolicyVerdict {
  const rules = rulesOf(readPolicy(text, subject), subject, node);
  const granted: string[] = [];
  const missing: string[] = [];
  const excess: string[] = [];
  for (const { side, attribute: permission } of PERMISSIONS) {
    const needed = needs[side].map((name) => fullName(name, node));
    const named = (qualifier: Rule['qualifier']): readonly string[] =>
      rules.flatMap((rule) =>
        rule.permission === permission && rule.qualifier === qualifier ? rule.names : [],
      );
    const allowed = named('ALLOW');
    const denied = named('DENY');
    for (const name of needed) {
      const isGranted = covers(allowed, name) && !covers(denied, name);
      (isGranted ? granted : missing).push(`${permission} ${name}`);
    }
    excess.push(...allowed.filter((name) => !needed.includes(name)).map((name) => `${permission} ${name}`));
  }
  return { granted, missing, excess };
}

/**
 * Refuses a policy that lacks what a node needs.
 *
 * @throws JepaMpcError `security.policy` that names each missing permission
 */
export function requirePermissions({ missing }: PolicyVerdict, subject: string): void {
  if (missing.length === 0) return;
  throw new JepaMpcError('security.policy', {
    subject,
    found: `no permission for: ${missing.join(', ')}`,
    expected: 'every topic, service and action that the node has',
    remedy:
      'Add them to its profile as config/security/policy.xml has them, make the permissions of the enclave again, and restart the node: until then it refuses to start, and the robot is not moved.',
  });
}

function refuse(
  subject: string,
  where: string,
  found: string,
  expected: string,
  remedy: string,
): JepaMpcError {
  return new JepaMpcError('security.policy', { subject: `${subject}, ${where}`, found, expected, remedy });
}

/** The enclaves of a policy. */
function readPolicy(text: string, subject: string): readonly XmlElement[] {
  const document = parseXml(text, ({ where, ...facts }) => {
    return new JepaMpcError('security.policy', { subject: `${subject}, ${where}`, ...facts });
  });
  const [policy] = childElements(document, 'policy');
  const remedy = 'Begin with config/security/policy.xml.';
  if (policy === undefined) {
    throw refuse(subject, 'document', 'no <policy> element', `<policy version="${SCHEMA}">`, remedy);
  }
  const version = attribute(policy, 'version');
  if (version !== SCHEMA) {
    const found = version === null ? 'no version' : `version ${version}`;
    throw refuse(subject, '<policy>', found, `version ${SCHEMA}`, remedy);
  }
  return childElements(policy, 'enclaves').flatMap((enclaves) => childElements(enclaves, 'enclave'));
}

/** The rules of all profiles of a node. */
function rulesOf(enclaves: readonly XmlElement[], subject: string, node: NodeIdentity): readonly Rule[] {
  const profiles = enclaves
    .flatMap((enclave) => childElements(enclave, 'profiles'))
    .flatMap((list) => {
      if (Object.keys(list).some((key) => key.endsWith(':include'))) {
        throw refuse(
          subject,
          '<profiles>',
          'an <xi:include>',
          'a policy in one file',
          'Expand it first: xmllint --xinclude policy.xml > whole.xml.',
        );
      }
      return childElements(list, 'profile');
    });
  const identityOf = (profile: XmlElement): NodeIdentity => ({
    namespace: attribute(profile, 'ns') ?? '',
    name: attribute(profile, 'node') ?? '',
  });
  const wanted = fullName('~', node);
  const ours = profiles.filter((profile) => fullName('~', identityOf(profile)) === wanted);
  if (ours.length === 0) {
    const names = profiles.map((profile) => fullName('~', identityOf(profile)));
    const nearest = nearestName(wanted, names);
    throw refuse(
      subject,
      '<profiles>',
      names.length === 0 ? 'no profile' : `profiles of ${names.join(', ')}`,
      `a profile of ${wanted}: ns="${node.namespace}" node="${node.name}"`,
      nearest === null
        ? 'Add one, as in config/security/policy.xml, or name the node with --namespace and --node.'
        : `Did you mean ${nearest}? Correct ns and node, or name the node with --namespace and --node.`,
    );
  }
  return ours.flatMap((profile) => rulesOfProfile(profile, subject, node));
}

function rulesOfProfile(profile: XmlElement, subject: string, node: NodeIdentity): Rule[] {
  return PERMISSIONS.flatMap(({ list, entry, attribute: permission }) =>
    childElements(profile, list).flatMap((rules): Rule[] => {
      const qualifier = attribute(rules, permission);
      if (qualifier === null) return [];
      if (qualifier !== 'ALLOW' && qualifier !== 'DENY') {
        throw refuse(
          subject,
          `<${list}>, attribute ${permission}`,
          `'${qualifier}'`,
          'ALLOW or DENY',
          'Correct the attribute.',
        );
      }
      return [{ permission, qualifier, names: textsOf(rules, entry).map((name) => fullName(name, node)) }];
    }),
  );
}

/** The texts of the child elements of one name. */
function textsOf(parent: XmlElement, name: string): readonly string[] {
  const value = Object.hasOwn(parent, name) ? parent[name] : [];
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  return list
    .map((item) => (isElement(item) ? item['#text'] : item))
    .flatMap((item) => (typeof item === 'string' && item.trim() !== '' ? [item.trim()] : []));
}

/** A name as SROS 2 expands it. */
function fullName(name: string, node: NodeIdentity): string {
  if (name.startsWith('/')) return name;
  const namespace = node.namespace.endsWith('/') ? node.namespace : `${node.namespace}/`;
  return name.startsWith('~') ? `${namespace}${node.name}${name.slice(1)}` : `${namespace}${name}`;
}

/** Whether one of the names, which may have wildcards as DDS has them, stands for this name. */
function covers(patterns: readonly string[], name: string): boolean {
  return patterns.some((pattern) => isMatch(pattern, name));
}

/** Matches * (any text, slashes too) and ? (one character) in a time that grows with the product of the lengths alone. */
function isMatch(pattern: string, name: string): boolean {
  let at = 0;
  let next = 0;
  let star = -1;
  let resume = 0;
  while (next < name.length) {
    if (pattern[at] === '*') {
      star = at;
      resume = next;
      at += 1;
    } else if (pattern[at] === '?' || pattern[at] === name[next]) {
      at += 1;
      next += 1;
    } else if (star >= 0) {
      resume += 1;
      at = star + 1;
      next = resume;
    } else {
      return false;
    }
  }
  return /^\**$/.test(pattern.slice(at));
}
