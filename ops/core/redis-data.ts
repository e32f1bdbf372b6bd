/** Redis's data as a file, and scripts that run in its pod: its password is read there, it is on no argument list. */
import { stamp } from './backup.ts';
import { REDIS_CLI, redisCommand, redisScript } from './consoles.ts';

/** Name of the file of a snapshot taken at `now`. */
export const redisFile = (now: Date): string => `redis-${stamp(now)}.rdb`;

/** Writes a checked snapshot on standard output; what it holds is as of the moment it was asked for. */
export const SAVE =
  redisScript(`# The X are mktemp's to fill in: a folder of this run's own, on the volume, as large as the data may be.
folder=$(mktemp -d /data/backup.XXXXXX)
trap 'rm -rf "$folder"' EXIT
${REDIS_CLI} --rdb "$folder/snapshot.rdb" >&2
redis-check-rdb "$folder/snapshot.rdb" >&2
cat "$folder/snapshot.rdb"`);

const ARRIVED = '/data/restore.rdb';

/** Takes a snapshot from standard input and checks it; what runs is not touched. */
export const RECEIVE = redisScript(`cat >${ARRIVED}
if ! redis-check-rdb ${ARRIVED} >/tmp/check 2>&1; then
  rm -f ${ARRIVED}
  cause=$(sed -n '/RDB ERROR/{n;p;q;}' /tmp/check)
  echo "fatal: \${cause:-$(tail -n 1 /tmp/check)}" >&2
  exit 1
fi`);

/** Puts the snapshot in place of Redis's own, which it must not write again, and ends it: it starts with that data. */
export const SWAP = redisScript(`${REDIS_CLI} CONFIG SET save '' >/dev/null
while ${REDIS_CLI} INFO persistence | grep -q '^rdb_bgsave_in_progress:1'; do sleep 0.2; done
mv ${ARRIVED} /data/dump.rdb
${REDIS_CLI} SHUTDOWN NOSAVE >/dev/null 2>&1 || true`);

/** How many keys there are, when it has loaded its data. */
export const KEYS = redisCommand(['DBSIZE']);
