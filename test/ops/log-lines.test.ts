import { describe, expect, it } from 'vitest';
import { byTime, isAbout, parseLogLine, said } from '../../ops/core/logs.ts';

const record = JSON.stringify({
  timestamp: '2026-01-01T00:00:00.000Z',
  level: 'info',
  logger: 'assistants.access',
  message: 'request served',
  service: 'security',
  request_id: 'abc123',
  trace_id: 't',
  status: 200,
  user: null,
});

describe('a line of kubectl', () => {
  it('is taken apart', () => {
    expect(parseLogLine('[pod/redis-0/exporter] 2026-01-01T00:00:00.5Z [x] y')).toEqual({
      time: '2026-01-01T00:00:00.5Z',
      pod: 'redis-0',
      container: 'exporter',
      text: '[x] y',
    });
    expect(parseLogLine('[pod/redis-0/redis] 2026-01-01T00:00:00Z ')).toMatchObject({ text: '' });
  });
  it.each(['', 'error: no such pod', '[pod/redis-0/redis] no time'])('is none: "%s"', (line) => {
    expect(parseLogLine(line)).toBeUndefined();
  });
  it('comes in the order of time, those of one moment as they were read', () => {
    const lines = ['b 2', 'a 1', 'c 1'].map((text) => ({
      time: text.slice(2),
      pod: '',
      container: '',
      text,
    }));
    expect(lines.toSorted(byTime).map(({ text }) => text)).toEqual(['a 1', 'c 1', 'b 2']);
  });
});

describe('a request', () => {
  const edge = JSON.stringify({ RequestMethod: 'GET', 'downstream_X-Request-Id': 'abc123' });
  it.each([
    [record, true],
    [edge, true],
    ['LOG: request abc123, done', true],
    ['LOG: request abc1234, done', false],
    [record.replace('abc123', 'abc1234'), false],
    ['{"broken": "abc123', true],
  ])('%s: %s', (line, about) => {
    expect(isAbout('abc123', line)).toBe(about);
  });
});

describe('what a line says', () => {
  it('leaves out what the prefix and the time say', () => {
    expect(said(record)).toEqual({
      level: 'info',
      message: 'request served',
      details: [
        ['request_id', 'abc123'],
        ['status', '200'],
      ],
    });
  });
  it('is the line itself when it is plain text', () => {
    expect(said('LOG: checkpoint')).toEqual({ level: '', message: 'LOG: checkpoint', details: [] });
  });
  it('puts the access log of the edge in the words of the services', () => {
    const access = {
      level: 'info',
      RequestMethod: 'GET',
      RequestPath: '/ai/models',
      DownstreamStatus: 401,
      Duration: 28_333_840,
      ClientHost: '192.0.2.1',
    };
    expect(said(JSON.stringify(access))).toEqual({
      level: 'info',
      message: 'request served',
      details: [
        ['method', 'GET'],
        ['path', '/ai/models'],
        ['status', '401'],
        ['duration_ms', '28.334'],
        ['client', '192.0.2.1'],
      ],
    });
  });
});
