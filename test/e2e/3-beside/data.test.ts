/** Backups, restores and imports of one service's database, one after another: each takes the service away for a while. */
import '../data-backup.ts';
import '../data-import.ts';
