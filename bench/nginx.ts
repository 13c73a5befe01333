import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** nginx with the configuration of docker-compose.scale.yml and other addresses. */
export interface Nginx {
  origin: string;
  stop(): Promise<void>;
}

const CONFIGURATION = 'ops/nginx/nginx.conf';

/** Path of nginx; undefined if it is not installed. Debian installs it outside the PATH of ordinary users. */
export function findNginx(): string | undefined {
  try {
    const found = execFileSync('sh', ['-c', 'command -v nginx || command -v /usr/sbin/nginx']);
    return found.toString().trim();
  } catch {
    return undefined;
  }
}

/** @param replicas  ports of the replicas on 127.0.0.1 */
export async function startNginx(binary: string, port: number, replicas: number[]): Promise<Nginx> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-nginx-'));
  const file = join(folder, 'nginx.conf');
  writeFileSync(file, configurationFor(port, replicas));
  const nginx = spawn(binary, ['-p', folder, '-e', 'stderr', '-c', file, '-g', 'daemon off;'], {
    stdio: ['ignore', 'ignore', openSync(join(folder, 'error.log'), 'a')],
  });
  const origin = `http://127.0.0.1:${port}`;
  while (!(await isUp(origin))) {
    if (nginx.exitCode !== null) throw new Error(`nginx did not start; see ${folder}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return { origin, stop: () => end(nginx) };
}

function configurationFor(port: number, replicas: number[]): string {
  const text = readFileSync(CONFIGURATION, 'utf8');
  const changed = text
    .replace(/( *server )\S+:8050( .*;\n)(\1\S+\2)*/g, (_all, before: string, after: string) =>
      replicas.map((each) => `${before}127.0.0.1:${each}${after}`).join(''),
    )
    .replace('listen 8080;', `listen 127.0.0.1:${port};`)
    .replace('access_log /dev/stdout path;', 'access_log access.log path;');
  const isChanged = changed.includes(`:${port};`) && !/:8050|\/dev\/stdout/.test(changed);
  if (!isChanged) {
    throw new Error(`${CONFIGURATION} has changed, so its addresses cannot be replaced`);
  }
  return changed;
}

/** Any status counts as up: the replicas start later. */
function isUp(origin: string): Promise<boolean> {
  return fetch(`${origin}/healthz`).then(
    () => true,
    () => false,
  );
}

async function end(nginx: ChildProcess): Promise<void> {
  const ended = new Promise((resolve) => nginx.once('exit', resolve));
  nginx.kill('SIGTERM');
  await ended;
}
