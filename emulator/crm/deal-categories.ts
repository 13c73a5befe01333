import type { Language } from '../language.ts';

/** A pipeline of deals; the one with ID 0 is the default (`crm.category.list`). */
export interface DealCategory {
  id: number;
  name: string;
  /** Default: 100, 200, 300 … in the given order. */
  sort?: number;
  stages: DealStage[];
}

export interface DealStage {
  /** The value of STAGE_ID in deals: `NEW` in the default category, `C3:NEW` in category 3. */
  STATUS_ID: string;
  NAME: string;
  /** `S` won, `F` lost, null in progress. */
  SEMANTICS: 'S' | 'F' | null;
  COLOR: string;
  /** `Y`: a stage of the factory settings, which cannot be removed. */
  SYSTEM: 'Y' | 'N';
}

/** The `ENTITY_ID` of a category's stages [RU:api-reference/crm/deals/crm-deal-get.md]. */
export function stageEntityId({ id }: DealCategory): string {
  return id === 0 ? 'DEAL_STAGE' : `DEAL_STAGE_${id}`;
}

/**
 * The default pipeline with the factory stages [RU:api-reference/crm/status/crm-status-list.md], and two added by the
 * owner.
 */
export function demoDealCategories(language: Language): DealCategory[] {
  return CATEGORIES.map(({ id, en, ru, stages }) => ({
    id,
    name: language === 'ru' ? ru : en,
    stages: stages.map(([statusId, stageEn, stageRu, COLOR, marks]) => ({
      STATUS_ID: id === 0 ? statusId : `C${id}:${statusId}`,
      NAME: language === 'ru' ? stageRu : stageEn,
      SEMANTICS: marks.includes('S') ? 'S' : marks.includes('F') ? 'F' : null,
      COLOR,
      SYSTEM: marks.includes('Y') ? 'Y' : 'N',
    })),
  }));
}

type StageLine = readonly [id: string, en: string, ru: string, color: string, marks: string];

const CATEGORIES: readonly { id: number; en: string; ru: string; stages: readonly StageLine[] }[] = [
  {
    id: 0,
    en: 'General',
    ru: 'Общая',
    stages: [
      ['NEW', 'New', 'Новая', '#39A8EF', 'Y'],
      ['PREPARATION', 'Preparing documents', 'Подготовка документов', '#2FC6F6', ''],
      ['PREPAYMENT_INVOICE', 'Prepayment invoice', 'Счёт на предоплату', '#55D0E0', ''],
      ['EXECUTING', 'In progress', 'В работе', '#47E4C2', ''],
      ['FINAL_INVOICE', 'Final invoice', 'Финальный счёт', '#FFA900', ''],
      ['WON', 'Deal won', 'Сделка успешна', '#7BD500', 'YS'],
      ['LOSE', 'Deal lost', 'Сделка провалена', '#FF5752', 'YF'],
      ['APOLOGY', 'Analyse failure', 'Анализ причины провала', '#FF5752', 'F'],
    ],
  },
  {
    id: 3,
    en: 'Wholesale',
    ru: 'Опт',
    stages: [
      ['NEW', 'Request', 'Заявка', '#39A8EF', 'Y'],
      ['UC_OFFER1', 'Offer sent', 'Отправлено предложение', '#2FC6F6', ''],
      ['EXECUTING', 'Shipping', 'Отгрузка', '#47E4C2', ''],
      ['WON', 'Shipped and paid', 'Отгружено и оплачено', '#7BD500', 'YS'],
      ['LOSE', 'Declined', 'Отказ', '#FF5752', 'YF'],
    ],
  },
  {
    id: 8,
    en: 'Service contracts',
    ru: 'Сервисные договоры',
    stages: [
      ['NEW', 'Visit planned', 'Назначен выезд', '#39A8EF', 'Y'],
      ['UC_SIGN22', 'Being signed', 'На подписании', '#FFA900', ''],
      ['WON', 'Contract runs', 'Договор действует', '#7BD500', 'YS'],
      ['LOSE', 'Not renewed', 'Не продлён', '#FF5752', 'YF'],
    ],
  },
];
