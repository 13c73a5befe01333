import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findNginx } from '../../bench/nginx.ts';

export interface Nginx {
  /** What it has written to its error log so far. */
  errors(): string;
  stop(): Promise<void>;
}

/**
 * A real nginx in front of a host.
 *
 * @param server  what stands in its `server` block, besides `listen`
 */
export async function startNginx(port: number, server: string): Promise<Nginx> {
  const binary = findNginx();
  if (binary === undefined) throw new Error('nginx is not installed; run: npm run bench:setup');
  const folder = mkdtempSync(join(tmpdir(), 'test-nginx-'));
  const file = join(folder, 'nginx.conf');
  const errorLog = join(folder, 'error.log');
  writeFileSync(file, configuration(port, server));
  writeFileSync(errorLog, '');
  const nginx = spawn(binary, ['-p', folder, '-e', errorLog, '-c', file, '-g', 'daemon off;'], {
    stdio: 'ignore',
  });
  while (!(await answers(port))) {
    if (nginx.exitCode !== null) throw new Error(`nginx did not start: ${readFileSync(errorLog, 'utf8')}`);
    await sleep(20);
  }
  return { errors: () => readFileSync(errorLog, 'utf8'), stop: () => end(nginx) };
}

/** As root, nginx would run its workers as a user that may not enter the folder. */
function configuration(port: number, server: string): string {
  const asRoot = process.getuid?.() === 0 ? 'user root;' : '';
  return `
${asRoot}
pid nginx.pid;
events {}
http {
  access_log off;
  client_body_temp_path client-body;
  proxy_temp_path proxy;
  fastcgi_temp_path fastcgi;
  uwsgi_temp_path uwsgi;
  scgi_temp_path scgi;
  server {
    listen 127.0.0.1:${port};
    ${server}
  }
}`;
}

function answers(port: number): Promise<boolean> {
  return fetch(`http://127.0.0.1:${port}/`, { redirect: 'manual' }).then(
    () => true,
    () => false,
  );
}

async function end(nginx: ChildProcess): Promise<void> {
  const ended = new Promise((resolve) => nginx.once('exit', resolve));
  nginx.kill('SIGTERM');
  await ended;
}
