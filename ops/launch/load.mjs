/**
 * Runs a bundle with V8's code cache, one file for each verb, because compiling takes longer than most verbs. V8
 * rejects a cache of another version or source.
 */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire, SourceMap } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { constants, Script } from 'node:vm';

/**
 * @param {string} folder
 * @param {readonly string[]} argv
 */
export async function runBundle(folder, argv) {
  const file = join(folder, 'cli.cjs');
  const compiled = join(folder, `${/^[a-z-]+$/.exec(argv[0] ?? '')?.[0] ?? 'none'}.code`);
  const cachedData = contentOf(compiled);
  // The wrapper adds no line, so that positions match the source map.
  const source = `(function (module, exports, require) {${readFileSync(file, 'utf8')}\n})`;
  const script = new Script(source, {
    filename: file,
    ...(cachedData ? { cachedData } : {}),
    importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  });
  nameSources(file);
  if (!cachedData || script.cachedDataRejected)
    process.on('exit', (status) => {
      if (status === 0) keep(compiled, script.createCachedData());
    });
  /** @type {{ exports: { main?: (argv: readonly string[]) => Promise<void> } }} */
  const module = { exports: {} };
  script.runInThisContext()(module, module.exports, createRequire(file));
  await module.exports.main?.(argv);
}

/** @param {string} file */
function contentOf(file) {
  try {
    return readFileSync(file);
  } catch {
    return undefined;
  }
}

/**
 * A missing cache makes the next start slower, not wrong.
 *
 * @param {string} file
 * @param {Buffer} code
 */
function keep(file, code) {
  try {
    writeFileSync(`${file}.${process.pid}`, code);
    renameSync(`${file}.${process.pid}`, file);
  } catch (error) {
    if (process.env.PLATFORM_DEBUG) console.error(`${file}: ${error}`);
  }
}

/** Has stack traces name the sources. The map is read when the first is asked for.
 *
 * @param {string} file
 */
function nameSources(file) {
  /** @type {SourceMap | undefined} */
  let map;
  const source = (/** @type {string} */ whole, /** @type {string} */ line, /** @type {string} */ column) => {
    map ??= new SourceMap(JSON.parse(readFileSync(`${file}.map`, 'utf8')));
    const entry = map.findEntry(Number(line) - 1, Number(column) - 1);
    if (!('originalSource' in entry)) return whole;
    const path = resolve(dirname(file), entry.originalSource);
    return `${path}:${entry.originalLine + 1}:${entry.originalColumn + 1}`;
  };
  Error.prepareStackTrace = (error, sites) => {
    const lines = sites.map((site) => {
      const text = String(site);
      const [whole, line, column] = POSITION.exec(text) ?? [];
      return whole && text.includes(file) && line && column
        ? text.replace(`${file}:${line}:${column}`, source(whole, line, column))
        : text;
    });
    return [String(error), ...lines.map((line) => `    at ${line}`)].join('\n');
  };
}

const POSITION = /:(\d+):(\d+)\)?$/;
