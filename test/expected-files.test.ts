import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';

const fileOf = (name: string) => readFileSync(join(import.meta.dirname, '..', name), 'utf8');
const { license, engines } = JSON.parse(fileOf('package.json')) as {
  license: string;
  engines: { node: string };
};

it('LICENSE is the one that package.json names', () => {
  expect(fileOf('LICENSE')).toMatch(new RegExp(`^${license} License\n`));
});

it('.nvmrc names the Node of the image', () => {
  expect(fileOf('Dockerfile')).toContain(`NODE_IMAGE=node:${fileOf('.nvmrc').trim()}-`);
});

it('CI tests the oldest Node that package.json allows, and the one of the image', () => {
  const [, versions = ''] = /node: \[(.*)\]/.exec(fileOf('.github/workflows/ci.yml')) ?? [];

  expect(versions).toContain(`'${engines.node.replace('>=', '')}'`);
  expect(versions).toContain(`'${fileOf('.nvmrc').trim()}'`);
});

it.each([
  ['ops/systemd/bitrix24-companies.service', /^TimeoutStopSec=30$/m],
  ['ops/kubernetes/companies.yaml', /terminationGracePeriodSeconds: (3\d|4\d)/],
  ['docker-compose.production.yml', /stop_grace_period: 30s/],
])('%s gives a process the time to store new tokens', (name, grace) => {
  expect(fileOf(name)).toMatch(grace);
});
