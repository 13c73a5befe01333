import type { CompanyRow } from './crm/row.ts';
import { demoUserFields, type UserField } from './crm/user-fields.ts';
import { awkwardCompanies } from './demo/awkward-companies.ts';
import { generateCompanies } from './demo/generate-companies.ts';
import { moreDemoUserFields } from './demo/more-user-fields.ts';
import { Random } from './demo/random.ts';
import { WORDS } from './demo/words.ts';
import type { PortalOptions, PortalUserOptions } from './options.ts';

/** The password of every user of a demo portal. */
const PASSWORD = 'demo';

/**
 * The two demo portals: a large Russian one, and a small English one that contains all edge cases.
 *
 * Member ids, users and companies are the same at every start.
 */
export function demoPortals(): PortalOptions[] {
  return [northWind(), harbourTrading()];
}

function northWind(): PortalOptions {
  return {
    host: 'localhost',
    memberId: '5e7e4a0de70b17815e7e4a0de70b1781',
    title: 'Северный ветер',
    language: 'ru',
    serverTimeZone: 'Europe/Moscow',
    timeZone: 'Europe/Moscow',
    users: [
      {
        id: 1,
        login: 'admin',
        name: 'Анна',
        lastName: 'Северова',
        gender: 'F',
        password: PASSWORD,
        position: 'администратор',
        admin: true,
        crm: 'all',
      },
      {
        id: 2,
        login: 'manager',
        name: 'Михаил',
        lastName: 'Полевой',
        gender: 'M',
        password: PASSWORD,
        position: 'менеджер, видит свои компании',
        crm: 'own',
      },
      {
        id: 3,
        login: 'storage',
        name: 'Ольга',
        lastName: 'Складская',
        gender: 'F',
        password: PASSWORD,
        position: 'кладовщик, без доступа к CRM',
        crm: 'none',
      },
      ...colleagues(4, 28, { position: 'менеджер', crm: 'own' }),
      ...colleagues(32, 25, { position: 'сотрудник', crm: 'none' }),
    ],
    userFields: [...demoUserFields('ru'), ...moreDemoUserFields('ru')],
    companies: { count: 12_000, seed: 8051 },
  };
}

/** With these users `user.get` needs more than one page. Users with CRM access are responsible for companies. */
function colleagues(firstId: number, count: number, more: Partial<PortalUserOptions>): PortalUserOptions[] {
  const random = new Random(firstId);
  const firstNames = [
    'Алексей',
    'Борис',
    'Виктор',
    'Глеб',
    'Денис',
    'Егор',
    'Игорь',
    'Кирилл',
    'Леонид',
    'Никита',
  ] as const;
  return Array.from({ length: count }, (_, index) => {
    const id = firstId + index;
    const name = random.pick(firstNames);
    const lastName = random.pick(WORDS.ru.lastNames);
    return { id, login: `user${id}`, password: PASSWORD, name, lastName, offered: false, ...more };
  });
}

const ENGLISH_ZONE = 'Europe/London';
const FIRST_AWKWARD_ID = 1;
const FIRST_ORDINARY_ID = 101;

function harbourTrading(): PortalOptions {
  const userFields = [...demoUserFields('en'), ...moreDemoUserFields('en')];
  return {
    host: '127.0.0.1',
    memberId: '4a12b0124ad1490f4a12b0124ad1490f',
    title: 'Harbour Trading',
    language: 'en',
    serverTimeZone: ENGLISH_ZONE,
    timeZone: 'Europe/London',
    users: [
      {
        id: 1,
        login: 'boss',
        name: 'Grace',
        lastName: 'Harbour',
        gender: 'F',
        password: PASSWORD,
        position: 'owner',
        admin: true,
        crm: 'all',
      },
      {
        id: 2,
        login: 'seller',
        name: 'Peter',
        lastName: 'Quay',
        gender: 'M',
        password: PASSWORD,
        position: 'sales, sees own companies',
        crm: 'own',
      },
      {
        id: 3,
        login: 'newcomer',
        name: 'Nora',
        lastName: 'Tide',
        gender: 'F',
        password: PASSWORD,
        position: 'new, owns no company yet',
        crm: 'own',
      },
    ],
    companies: harbourCompanies(userFields),
    contacts: 'made',
    deals: 'made',
    userFields,
  };
}

/** All edge cases (IDs 1 to 37), and ordinary companies from ID 101. */
function harbourCompanies(userFields: UserField[]): CompanyRow[] {
  const awkward = awkwardCompanies(FIRST_AWKWARD_ID, {
    COMPANY_TYPE: 'CUSTOMER',
    INDUSTRY: 'IT',
    EMPLOYEES: 'EMPLOYEES_1',
    REVENUE: '125000.00',
    CURRENCY_ID: 'USD',
    ASSIGNED_BY_ID: '1',
    CREATED_BY_ID: '1',
    MODIFY_BY_ID: '1',
    DATE_CREATE: '2024-02-29T23:59:59+00:00',
    DATE_MODIFY: '2026-11-20T12:00:00+00:00',
  });
  const ordinary = generateCompanies({
    count: 143,
    seed: 8052,
    language: 'en',
    zone: ENGLISH_ZONE,
    responsibleIds: [1, 2],
    userFields,
    firstId: FIRST_ORDINARY_ID,
  });
  return [...awkward, ...ordinary];
}
