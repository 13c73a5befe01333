import { z } from 'zod';
import { AppError } from '../errors.ts';
import { randomId } from '../random-id.ts';
import { type Change, KEY_PREFIX, type Store, update } from '../store/store.ts';
import { COLUMNS, DEFAULT_COLUMNS } from './columns.ts';
import type { SignedIn } from '../auth/session.ts';

/** How a person wants their lists, in whatever browser. */
export interface Preferences {
  /** In the order in which they are shown; the title is always among them. */
  columns: Column[];
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

export type Column = (typeof COLUMNS)[number];
export const DENSITIES = ['comfortable', 'compact'] as const;
export type Density = (typeof DENSITIES)[number];

export interface PreferencesStore {
  load(person: Who): Promise<Preferences>;
  saveLayout(person: Who, layout: Pick<Preferences, 'columns' | 'density'>): Promise<void>;
  /** A view of the same name is replaced. @throws {TooManyViewsError} */
  saveView(person: Who, view: Omit<SavedView, 'id'>): Promise<void>;
  forgetView(person: Who, id: string): Promise<void>;
}

type Who = Pick<SignedIn, 'memberId' | 'userId'>;

export class TooManyViewsError extends AppError {
  constructor() {
    super('this person keeps as many views as we keep', { code: 'too_many_views', status: 409 });
  }
}

export const MAX_VIEWS = 50;
export const MAX_NAME_LENGTH = 80;
/** Since the last change. Nobody enters fifty views twice. */
const LIFETIME_MS = 5 * 365 * 24 * 3600_000;

const Record = z.object({
  columns: z.array(z.enum(COLUMNS)).catch([]),
  density: z.enum(DENSITIES).catch('comfortable'),
  views: z
    .array(z.object({ id: z.string().min(1), name: z.string().min(1), search: z.string() }))
    .max(MAX_VIEWS)
    .catch([]),
});

const NONE: Preferences = { columns: [...DEFAULT_COLUMNS], density: 'comfortable', views: [] };

/** One record per portal user. It holds no secret, but names of views may tell of customers: nobody else reads it. */
export function createPreferences({ store, clientId }: { store: Store; clientId: string }): PreferencesStore {
  const keyOf = ({ memberId, userId }: Who) => `${KEY_PREFIX}preferences:{${memberId}}:${clientId}:${userId}`;
  const change = (person: Who, make: (now: Preferences) => Preferences): Promise<void> =>
    update(store, keyOf(person), LIFETIME_MS, (current): Change<void> => {
      return { write: JSON.stringify(make(parse(current))), result: undefined };
    });

  return {
    load: async (person) => parse(await store.get(keyOf(person))),
    saveLayout: (person, layout) => change(person, (now) => ({ ...now, ...layout })),
    saveView: (person, { name, search }) =>
      change(person, (now) => {
        const others = now.views.filter((view) => view.name !== name);
        if (others.length >= MAX_VIEWS) throw new TooManyViewsError();
        const replaced = now.views.find((view) => view.name === name);
        const id = replaced?.id ?? randomId(9);
        return { ...now, views: [{ id, name, search }, ...others] };
      }),
    forgetView: (person, id) =>
      change(person, (now) => ({ ...now, views: now.views.filter((view) => view.id !== id) })),
  };
}

/** What cannot be read is as if it were not there: a layout is no reason not to show a list. */
function parse(text: string | null): Preferences {
  if (text === null) return NONE;
  try {
    const { columns, ...others } = Record.parse(JSON.parse(text));
    return { ...others, columns: columns.includes('title') ? columns : [...DEFAULT_COLUMNS] };
  } catch {
    return NONE;
  }
}
