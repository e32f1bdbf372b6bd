/** `silence`, and the alerts in `status`: as rows, and against a server that answers as Alertmanager does. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  alert,
  alertRows,
  covers,
  durationSeconds,
  matcherText,
  newSilence,
  parseMatchers,
} from '../../ops/core/alerts.ts';
import { output, useFakeTools } from '../support/command.ts';

const NOW = new Date('2026-01-01T01:00:00Z');
const firing = (
  labels: Record<string, string>,
  startsAt = '2026-01-01T00:00:00Z',
  silencedBy: string[] = [],
) => ({
  labels,
  annotations: {
    summary: `${labels.alertname} of ${labels.service}`,
    runbook_url: 'https://example.com/r.md',
  },
  startsAt,
  status: { state: silencedBy.length > 0 ? 'suppressed' : 'active', silencedBy },
});
const DOWN = firing({ alertname: 'DatabaseDown', severity: 'critical', service: 'security' });
const LATE = firing({ alertname: 'BackupLate', severity: 'warning', job: 'backup' }, '2025-12-31T00:00:00Z', [
  '1',
]);
const ALERTS = [LATE, DOWN].map((one) => alert.parse(one));

describe('alerts as rows', () => {
  it('put the worst first, and say for how long and of what', () => {
    expect(alertRows(ALERTS, NOW)).toEqual([
      {
        alert: 'DatabaseDown',
        severity: 'critical',
        about: 'security',
        ageSeconds: 3600,
        silenced: false,
        summary: 'DatabaseDown of security',
        runbook: 'https://example.com/r.md',
      },
      expect.objectContaining({ alert: 'BackupLate', about: 'backup', ageSeconds: 90_000, silenced: true }),
    ]);
  });
  it('put an unknown severity last', () => {
    const odd = alert.parse(firing({ alertname: 'Odd', severity: 'odd' }));
    expect(alertRows([odd, ...ALERTS], NOW).at(-1)?.alert).toBe('Odd');
  });
});

describe('matchers', () => {
  it.each([
    ['DatabaseDown', { name: 'alertname', value: 'DatabaseDown', isRegex: false, isEqual: true }],
    ['service=security', { name: 'service', value: 'security', isRegex: false, isEqual: true }],
    ['service!=security', { name: 'service', value: 'security', isRegex: false, isEqual: false }],
    ['alertname=~Data.*', { name: 'alertname', value: 'Data.*', isRegex: true, isEqual: true }],
    ['alertname!~Data.*', { name: 'alertname', value: 'Data.*', isRegex: true, isEqual: false }],
    ['path=a=b', { name: 'path', value: 'a=b', isRegex: false, isEqual: true }],
  ])('%s is read', (word, expected) => {
    const [found] = parseMatchers([word], ['DatabaseDown']);
    expect(found).toEqual(expected);
    if (found && word !== 'DatabaseDown') expect(matcherText(found)).toBe(word);
  });
  it.each([
    ['DatabaseGone', '"DatabaseGone" is no alert of this platform; expected one of docs/alerts.md'],
    ['service=', '"service=" is no alert'],
    ['alertname=~(', '"alertname=~(" is not a pattern'],
  ])('%s is refused', (word, message) => {
    expect(() => parseMatchers([word], ['DatabaseDown'])).toThrow(`silence: ${message}`);
  });
  it.each([
    [['DatabaseDown'], 1],
    [['DatabaseDown', 'service=user-management'], 0],
    [['severity=~critical|warning'], 2],
    [['severity=~crit'], 0],
    [['service!=security'], 1],
    [['alertname!~Data.*'], 1],
  ])('%j cover as Alertmanager counts', (words, count) => {
    const matchers = parseMatchers(words, ['DatabaseDown']);
    expect(ALERTS.filter((one) => covers(matchers, one))).toHaveLength(count);
  });
});

describe('a silence', () => {
  it.each([
    ['30m', 1800],
    ['2h', 7200],
    ['3d', 259_200],
    ['0m', undefined],
    ['2', undefined],
    ['2 weeks', undefined],
  ])('of %s', (text, seconds) => expect(durationSeconds(text)).toBe(seconds));
  it('begins now and ends by itself', () => {
    expect(newSilence([], 60, { createdBy: 'me', comment: 'why' }, NOW)).toEqual({
      matchers: [],
      startsAt: '2026-01-01T01:00:00.000Z',
      endsAt: '2026-01-01T01:01:00.000Z',
      createdBy: 'me',
      comment: 'why',
    });
  });
});

interface Asked {
  readonly method: string;
  readonly url: string;
  readonly body: string;
}

describe('with an Alertmanager', () => {
  const asked: Asked[] = [];
  const ID = '0f8fad5b-d9cb-469f-a165-70867728950e';
  const SILENCES = ['active', 'expired'].map((state, index) => ({
    id: index === 0 ? ID : 'gone',
    status: { state },
    matchers: [{ name: 'service', value: 'security', isRegex: false, isEqual: true }],
    endsAt: '2026-01-01T03:00:00Z',
    createdBy: 'somebody',
    comment: 'a new volume',
  }));
  let server: Server;
  let status = 200;
  const answerTo = (method: string, url: string): string => {
    if (method === 'DELETE') return '';
    if (method === 'POST') return '{"silenceID":"new"}';
    return JSON.stringify(url.startsWith('/api/v2/alerts') ? [DOWN, LATE] : SILENCES);
  };

  beforeAll(async () => {
    server = createServer((request, response) => {
      const parts: Buffer[] = [];
      request.on('data', (part: Buffer) => parts.push(part));
      request.on('end', () => {
        const { method = '', url = '' } = request;
        asked.push({ method, url, body: Buffer.concat(parts).toString() });
        response.statusCode = status;
        response.end(status === 200 ? answerTo(method, url) : '"not now"');
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    process.env.TEST_PORT = String(port);
  });
  afterAll(() => {
    server.close();
    delete process.env.TEST_PORT;
  });
  beforeEach(() => {
    asked.length = 0;
    status = 200;
  });
  useFakeTools({
    kubectl: `case "$*" in
    version*) echo 'Client Version: v1.34.0' ;;
    *readyz*) echo ok ;;
    *port-forward*) echo "Forwarding from 127.0.0.1:$TEST_PORT -> 9093"; exec /bin/sleep 30 ;;
    *assistants-monitoring*pods*|*'get pods'*assistants-monitoring*) echo '{"kind": "List", "items": [{
      "metadata": {"name": "alertmanager-assistants-0", "namespace": "assistants-monitoring", "labels": {
        "app.kubernetes.io/name": "alertmanager", "alertmanager": "assistants"}},
      "spec": {"containers": [{"name": "alertmanager"}]}, "status": {"phase": "Running"}}]}' ;;
    *) echo '{"kind": "List", "items": []}' ;;
    esac`,
  });

  it('lists the silences in force', async () => {
    const text = await output('silence');
    expect(text).toMatch(
      new RegExp(`${ID} +active +2026-01-01T03:00:00Z +service=security +somebody +a new volume`),
    );
    expect(text).not.toContain('gone');
  });
  it('says what a silence would cover, and begins none unless it is told to', async () => {
    const text = await output('silence', 'DatabaseDown', '--dry-run');
    expect(text).toMatch(
      /^alertname=DatabaseDown: fits 1 that fire now\n {2}critical DatabaseDown security, for /,
    );
    await expect(output('silence', 'DatabaseDown')).rejects.toThrow('silence: not confirmed');
    expect(asked.map(({ method }) => method)).toEqual(['GET', 'GET']);
  });
  it('begins one', async () => {
    const text = await output(
      'silence',
      'DatabaseDown',
      'service=security',
      '--for',
      '30m',
      '--comment',
      'x',
      '--yes',
    );
    expect(text).toContain('Silence new until ');
    const [sent] = asked.filter(({ method }) => method === 'POST');
    const { startsAt, endsAt, ...rest } = JSON.parse(sent?.body ?? '');
    expect(Date.parse(endsAt) - Date.parse(startsAt)).toBe(1_800_000);
    expect(rest).toMatchObject({ comment: 'x', matchers: [{ value: 'DatabaseDown' }, { name: 'service' }] });
  });
  it('ends one, and none that is not there', async () => {
    expect(await output('silence', '--expire', ID, '--yes')).toBe('Silence of service=security has ended.\n');
    expect(asked.at(-1)).toMatchObject({ method: 'DELETE', url: `/api/v2/silence/${ID}` });
    await expect(output('silence', '--expire', 'gone', '--yes')).rejects.toThrow(
      'silence: "gone" is no silence',
    );
  });
  it('says what Alertmanager says when it refuses', async () => {
    status = 503;
    await expect(output('silence')).rejects.toThrow('alertmanager: 503 "not now"');
  });
  it('status shows what fires', async () => {
    try {
      const text = await output('status');
      expect(text).toMatch(/DatabaseDown +critical +security +\S+ +DatabaseDown of security/);
      expect(text).toMatch(/BackupLate +warning, silenced/);
      expect(JSON.parse(await output('status', '--json'))).toMatchObject({
        release: null,
        alerts: [{ alert: 'DatabaseDown' }, { alert: 'BackupLate' }],
      });
    } finally {
      process.exitCode = undefined;
    }
  });
  it('status shows the components all the same when it is unknown what fires', async () => {
    status = 500;
    try {
      expect(await output('status')).toContain('alerts: not known, alertmanager: 500 "not now"');
    } finally {
      process.exitCode = undefined;
    }
  });
});

describe('silence', () => {
  it.each([
    [['DatabaseGone'], 'silence: "DatabaseGone" is no alert'],
    [['DatabaseDown', '--for', 'ever'], "'--for <duration>' argument 'ever' is invalid"],
    [['DatabaseDown', '--expire', 'x'], 'silence: --expire ends one, "DatabaseDown" would begin another'],
    [['--set', 'monitoring.enabled=false'], 'silence: monitoring.enabled is false'],
  ])('%j is refused', async (args, message) => {
    await expect(output('silence', ...args)).rejects.toThrow(message);
  });
});
