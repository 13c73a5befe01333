import type { Language } from '../language.ts';

/**
 * Dictionaries that companies, contacts and deals refer to; each name is an `ENTITY_ID` of `crm.status.list` (section
 * 7.5).
 */
export type DictionaryName =
  | 'COMPANY_TYPE'
  | 'INDUSTRY'
  | 'EMPLOYEES'
  | 'CONTACT_TYPE'
  | 'DEAL_TYPE'
  | 'SOURCE';
export type Dictionaries = Record<DictionaryName, DictionaryItem[]>;

export interface DictionaryItem {
  /** The value that fields contain. */
  STATUS_ID: string;
  /** The displayed name. */
  NAME: string;
  /** Default: 10, 20, 30 … in the given order. */
  SORT?: string;
}

/** Adds demo dictionaries in the language of the portal for those that the options do not give. */
export function completeDictionaries(language: Language, given: Partial<Dictionaries> = {}): Dictionaries {
  return { ...demoDictionaries(language), ...given };
}

/** The factory values of section 7.5, and industries as a portal owner might add them. */
function demoDictionaries(language: Language): Dictionaries {
  const inLanguage = ([STATUS_ID, en, ru]: readonly [string, string, string]): DictionaryItem => ({
    STATUS_ID,
    NAME: language === 'ru' ? ru : en,
  });
  return {
    COMPANY_TYPE: COMPANY_TYPES.map(inLanguage),
    INDUSTRY: INDUSTRIES.map(inLanguage),
    EMPLOYEES: EMPLOYEES.map(inLanguage),
    CONTACT_TYPE: CONTACT_TYPES.map(inLanguage),
    DEAL_TYPE: DEAL_TYPES.map(inLanguage),
    SOURCE: SOURCES.map(inLanguage),
  };
}

const COMPANY_TYPES = [
  ['CUSTOMER', 'Client', 'Клиент'],
  ['SUPPLIER', 'Supplier', 'Поставщик'],
  ['COMPETITOR', 'Competitor', 'Конкурент'],
  ['PARTNER', 'Partner', 'Партнёр'],
  ['OTHER', 'Other', 'Другое'],
] as const;

const INDUSTRIES = [
  ['IT', 'Information technology', 'Информационные технологии'],
  ['TELECOM', 'Telecommunications', 'Телекоммуникации'],
  ['MANUFACTURING', 'Manufacturing', 'Производство'],
  ['BANKING', 'Banking', 'Банковские услуги'],
  ['CONSULTING', 'Consulting', 'Консалтинг'],
  ['FINANCE', 'Finance', 'Финансы'],
  ['GOVERNMENT', 'Government', 'Правительство'],
  ['DELIVERY', 'Delivery', 'Доставка'],
  ['ENTERTAINMENT', 'Entertainment', 'Развлечения'],
  ['NOTPROFIT', 'Non-profit', 'Не для получения прибыли'],
  ['1', 'Construction', 'Строительство'],
  ['2', 'Food & drink', 'Продукты питания'],
] as const;

const EMPLOYEES = [
  ['EMPLOYEES_1', 'Less than 50', 'менее 50'],
  ['EMPLOYEES_2', '50-250', '50-250'],
  ['EMPLOYEES_3', '250-500', '250-500'],
  ['EMPLOYEES_4', 'Over 500', 'более 500'],
] as const;

const CONTACT_TYPES = [
  ['CLIENT', 'Clients', 'Клиенты'],
  ['SUPPLIER', 'Suppliers', 'Поставщики'],
  ['PARTNER', 'Partners', 'Партнёры'],
  ['OTHER', 'Other', 'Другое'],
] as const;

const DEAL_TYPES = [
  ['SALE', 'Sale', 'Продажа'],
  ['COMPLEX', 'Integrated sale', 'Комплексная продажа'],
  ['GOODS', 'Sale of goods', 'Продажа товара'],
  ['SERVICES', 'Services', 'Услуги'],
  ['SERVICE', 'After-sales service', 'Сервисное обслуживание'],
] as const;

const SOURCES = [
  ['CALL', 'Call', 'Звонок'],
  ['EMAIL', 'E-mail', 'Электронная почта'],
  ['WEB', 'Website', 'Веб-сайт'],
  ['PARTNER', 'Existing client', 'Существующий клиент'],
  ['RECOMMENDATION', 'By recommendation', 'По рекомендации'],
  ['TRADE_SHOW', 'Trade show', 'Выставка'],
] as const;
