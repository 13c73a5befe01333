import type { PortalUserOptions } from '../emulator/index.ts';

/** Portal users 1, 2, 3 … with logins user1, user2, user3 …, who may read all companies. */
export function manyUsers(count: number): PortalUserOptions[] {
  return Array.from({ length: count }, (_, index) => ({
    id: index + 1,
    login: `user${index + 1}`,
    password: 'demo',
    name: 'Some',
    lastName: 'Body',
    crm: 'all',
  }));
}
