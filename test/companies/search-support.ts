import { expect } from '@jest/globals';
import type { BrowserAgent } from '../support/browser-agent.ts';
import type { TestApp } from '../support/start-app.ts';

const JSON_HEADERS = { headers: { accept: 'application/json' } };

export function multifield(type: 'PHONE' | 'EMAIL', ...values: string[]) {
  return values.map((VALUE, index) => ({ ID: String(index + 1), VALUE_TYPE: 'WORK', VALUE, TYPE_ID: type }));
}

interface Found {
  companies: { id: number; title: string }[];
  total: number;
}

/** What the list answers a program that searches. */
export async function search(app: TestApp, agent: BrowserAgent, q: string, more = ''): Promise<Found> {
  const answer = await agent.request(
    `${app.origin}/companies?q=${encodeURIComponent(q)}${more}`,
    JSON_HEADERS,
  );
  expect(answer.status).toBe(200);
  return JSON.parse(answer.text) as Found;
}
