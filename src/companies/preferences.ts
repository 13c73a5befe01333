import { z } from 'zod';
import type { ColumnName } from '../bitrix24/crm/company-columns.ts';
import { AppError } from '../errors.ts';
import type { PortalUserId } from '../portal-user.ts';
import { randomId } from '../random-id.ts';
import { createRecords, portalUserKey } from '../store/records.ts';
import type { Store } from '../store/store.ts';
import { COLUMNS, DEFAULT_COLUMNS } from './columns.ts';

/** How a person wants their lists, in whatever browser. */
export interface Preferences {
  /** In the order in which they are shown; the title is always among them. */
  columns: ColumnName[];
  density: Density;
  /** The newest first. */
  views: SavedView[];
}

export interface SavedView {
  id: string;
  name: string;
  /** The query of the view's address. */
  search: string;
}

export const DENSITIES = ['comfortable', 'compact'] as const;
export type Density = (typeof DENSITIES)[number];

export interface PreferencesStore {
  load(user: PortalUserId): Promise<Preferences>;
  saveLayout(user: PortalUserId, layout: Pick<Preferences, 'columns' | 'density'>): Promise<void>;
  /** A view of the same name is replaced. @throws {TooManyViewsError} */
  saveView(user: PortalUserId, view: Omit<SavedView, 'id'>): Promise<void>;
  forgetView(user: PortalUserId, id: string): Promise<void>;
}

export class TooManyViewsError extends AppError {
  constructor() {
    super('this user has as many saved views as there may be', { code: 'too_many_views', status: 409 });
  }
}

export const MAX_VIEWS = 50;
export const MAX_NAME_LENGTH = 80;
/** Since the last change. */
const LIFETIME_MS = 5 * 365 * 24 * 3600_000;

const NONE: Preferences = { columns: [...DEFAULT_COLUMNS], density: 'comfortable', views: [] };

/** A field that cannot be read is as by default: a layout is no reason not to show a list. */
const Shape = z
  .object({
    columns: z.array(z.enum(COLUMNS)).catch([]),
    density: z.enum(DENSITIES).catch('comfortable'),
    views: z
      .array(z.object({ id: z.string().min(1), name: z.string().min(1), search: z.string() }))
      .max(MAX_VIEWS)
      .catch([]),
  })
  .transform(({ columns, ...others }) => ({
    ...others,
    columns: columns.includes('title') ? columns : [...DEFAULT_COLUMNS],
  }));

/** One record per portal user. It holds no secret, but names of views may tell of customers: no other user reads it. */
export function createPreferences(store: Store): PreferencesStore {
  const records = createRecords<PortalUserId, Preferences>(store, {
    key: (user) => portalUserKey('preferences', user),
    shape: Shape,
    empty: NONE,
    lifetimeMs: LIFETIME_MS,
  });
  const change = (user: PortalUserId, make: (now: Preferences) => Preferences): Promise<void> =>
    records.change(user, (now) => ({ next: make(now), result: undefined }));

  return {
    load: (user) => records.load(user),
    saveLayout: (user, layout) => change(user, (now) => ({ ...now, ...layout })),
    saveView: (user, { name, search }) =>
      change(user, (now) => {
        const others = now.views.filter((view) => view.name !== name);
        if (others.length >= MAX_VIEWS) throw new TooManyViewsError();
        const replaced = now.views.find((view) => view.name === name);
        const id = replaced?.id ?? randomId(9);
        return { ...now, views: [{ id, name, search }, ...others] };
      }),
    forgetView: (user, id) =>
      change(user, (now) => ({ ...now, views: now.views.filter((view) => view.id !== id) })),
  };
}
