/** Every route with an id has a named test that another user's id reveals nothing. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { SERVICES } from '../../charts/topology.ts';
import { root } from '../support/objects.ts';

/** By service and name of the id: the tests, or why the data belongs to no user. */
const OWNED: Readonly<Record<string, readonly string[] | string>> = {
  'ai-assistant conversation_id': [
    'test_another_users_conversation_cannot_be_read',
    'test_another_users_conversation_cannot_be_deleted',
    'test_another_users_conversation_cannot_be_gone_on_with',
  ],
  'onec-integration company_id': 'companies of the base, for everyone who may use it',
  'onec-integration report_id': 'one of three reports on the base, not a stored one',
  'onec-integration job_id': [
    'test_another_users_sync_is_not_shown',
    'test_another_users_sync_is_not_resumed_or_cancelled',
  ],
  'user-management user_id': [
    'test_another_users_account_is_none_of_a_users_business',
    'test_another_users_role_and_ones_own_are_for_administrators_to_change',
  ],
  'analytics report_id': [
    'test_another_users_report_is_not_shown',
    'test_another_users_report_is_not_deleted',
  ],
  'analytics dashboard_id': ['test_another_users_dashboard_is_refused_to_a_user'],
  'security alert_id': [
    'test_another_users_alert_is_not_shown_to_a_user',
    'test_another_users_alert_is_not_changed_by_a_user',
  ],
  'security threat_id': ['test_another_users_threat_is_not_shown_to_a_user'],
};

const python = SERVICES.filter(({ runtime }) => runtime === 'python').map(({ name }) => name);
/** The text of all files below a folder with this ending. */
const textOf = (folder: string, ending: string): string =>
  readdirSync(root(folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith(ending))
    .map((file) => readFileSync(root(`${folder}/${file}`), 'utf8'))
    .join('\n');
const idsOf = (service: string): readonly string[] => {
  const code = textOf(`services/${service}/${service.replaceAll('-', '_')}`, 'api.py');
  return [...code.matchAll(/(?<!f)"(?:\/[\w/]*)?\/\{(\w+)[^}]*\}/g)].map(([, id = '']) => `${service} ${id}`);
};

describe('ids in routes', () => {
  it('are all known here, and no other', () => {
    const found = new Set(python.flatMap(idsOf));
    expect([...found].sort()).toEqual(Object.keys(OWNED).sort());
  });
  const tested = Object.entries(OWNED).flatMap(([id, tests]) =>
    typeof tests === 'string' ? [] : tests.map((name) => [id, name] as const),
  );
  it.each(tested)('%s: %s', (id, name) => {
    const [service = ''] = id.split(' ');
    expect(textOf(`services/${service}/tests`, '.py')).toContain(`def ${name}(`);
  });
});
