import { type Config, readConfig } from '../config/config.ts';
import { ConfigError } from '../config/config-error.ts';
import { nameOfRedis } from '../store/redis/redis-address.ts';
import { type Finding, ok, problem } from './finding.ts';
import { writePublicUrl } from './public-url.ts';

/** Every mistake in the settings at once; or the settings, and what follows from them. */
export function checkSettings(env: NodeJS.ProcessEnv): { findings: Finding[]; config?: Config } {
  try {
    const config = readConfig(env);
    return { findings: describe(config), config };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const findings = error.problems.map(({ key, wrong, example }) =>
      problem(`${key} ${wrong}`, `For example ${key}=${example}`),
    );
    return {
      findings: [...findings, whereTheyAreRead(env), ok('Nothing else was checked: it all depends on these')],
    };
  }
}

function describe(config: Config): Finding[] {
  const { publicUrl, redis, dataDir, isProduction, notes } = config;
  return [
    ok(isProduction ? 'For production' : 'For development: NODE_ENV is not "production"'),
    ok(
      `The server listens at ${listeningAt(config).origin}, browsers reach it at ${writePublicUrl(publicUrl)}`,
    ),
    ok(`Handler path to register on the application's card in Bitrix24: ${writePublicUrl(publicUrl)}/bitrix`),
    ok(redis ? `Store: Redis, ${nameOfRedis(redis)}` : `Store: embedded, in ${dataDir}`),
    ...notes.map(ok),
  ];
}

/** All settings missing usually means that the server runs elsewhere, with another environment. */
function whereTheyAreRead(env: NodeJS.ProcessEnv): Finding {
  return ok(
    env.NODE_ENV === 'production'
      ? 'Settings come from the environment; in production .env is not read. Run this with the environment of the server.'
      : `Settings come from the environment and from .env in ${process.cwd()}. Run this where the server runs.`,
  );
}

/** Where the server answers on this machine. */
export function listeningAt({ host, port }: Pick<Config, 'host' | 'port'>): URL {
  const reachable = { '0.0.0.0': '127.0.0.1', '::': '127.0.0.1' }[host] ?? host;
  return new URL(`http://${reachable.includes(':') ? `[${reachable}]` : reachable}:${port}`);
}
