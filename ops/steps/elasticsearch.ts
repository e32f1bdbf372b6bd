/** Searches the log store, through a port forwarded to its pod, as a user with read access only. */
import { z } from 'zod';
import { componentOf, portOf } from '../../charts/graph/build.ts';
import { ELASTICSEARCH } from '../../charts/graph/model.ts';
import { certificateSecret, dataStream, USERS, USERS_SECRET } from '../../charts/logging/names.ts';
import { Failure, messageOf } from '../core/failure.ts';
import { type LogSearch, type SearchAnswer, searchAnswer, searchBody } from '../core/logs.ts';
import { withPort } from '../tools/forward.ts';
import { ask } from '../tools/https.ts';
import type { Kubectl } from '../tools/kubectl.ts';
import { portOfPod, runningPodOf } from './pods.ts';
import type { Target } from './target.ts';

const TIMEOUT_MS = 30_000;
/** The certificate has this name for forwarded ports. */
const SERVER_NAME = 'localhost';

/** @throws Failure when the store has no running pod, does not answer, or rejects the query. */
export async function searchLogs(
  { kubectl, config, topology }: Omit<Target, 'wanted'>,
  search: LogSearch,
): Promise<SearchAnswer> {
  const component = componentOf(topology, ELASTICSEARCH);
  const pod = await runningPodOf({ kubectl, config }, component);
  const { namespace } = pod.metadata;
  const [authority, password] = await Promise.all([
    secretValue(kubectl, namespace, certificateSecret(ELASTICSEARCH), 'ca.crt'),
    secretValue(kubectl, namespace, USERS_SECRET, USERS.reader),
  ]);
  const call = {
    host: '127.0.0.1',
    path: `/${dataStream(config)}/_search`,
    method: 'POST',
    servername: SERVER_NAME,
    ca: authority,
    auth: `${USERS.reader}:${password}`,
    timeout: TIMEOUT_MS,
    agent: false,
  };
  const target = portOfPod(kubectl, pod, portOf(component, 'https'));
  const { status, text } = await withPort(target, (port) =>
    ask({ ...call, port }, searchBody(search)).catch((error: unknown) => {
      throw new Failure(`${ELASTICSEARCH}: no answer (${messageOf(error)})`);
    }),
  );
  if (status === 400)
    throw new Failure(
      `logs: --search "${search.query}" cannot be read (${reasonIn(text)})`,
      'expected words and field:value, such as "level:error AND component:security"',
    );
  if (status !== 200) throw new Failure(`${ELASTICSEARCH}: ${status} ${reasonIn(text)}`);
  return searchAnswer.parse(JSON.parse(text));
}

const secret = z.looseObject({ data: z.record(z.string(), z.string()).default({}) });

async function secretValue(kubectl: Kubectl, namespace: string, name: string, key: string): Promise<string> {
  const [found] = await kubectl.objects(secret, [
    'get',
    'secrets',
    name,
    `--namespace=${namespace}`,
    '--ignore-not-found',
  ]);
  const value = found?.data[key];
  if (value === undefined)
    throw new Failure(`Secret ${namespace}/${name}: has no ${key}`, 'run ./platform up, or deploy');
  return Buffer.from(value, 'base64').toString();
}

const problem = z.looseObject({
  error: z.looseObject({ reason: z.string(), root_cause: z.array(z.looseObject({ reason: z.string() })) }),
});

/** Elasticsearch's own message, if it has one. */
function reasonIn(text: string): string {
  const found = problem.safeParse(parsed(text));
  if (!found.success) return text.trim().slice(0, 200);
  return found.data.error.root_cause[0]?.reason ?? found.data.error.reason;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
