import type { RequestHandler } from 'express';
import { z } from 'zod';
import { requireSignIn } from '../auth/current-user.ts';
import { parseReturnTo } from '../auth/return-to.ts';
import { InvalidRequestError } from '../errors.ts';
import { COLUMNS } from './columns.ts';
import { listAddress, readStoredView, writeListView } from './list-query.ts';
import { DENSITIES, MAX_NAME_LENGTH, type PreferencesStore } from './preferences.ts';

export interface SavedViewsDependencies {
  preferences: PreferencesStore;
}

const SavedView = z.object({
  name: z.string().trim().min(1).max(MAX_NAME_LENGTH),
  search: z.string().max(4000).default(''),
});
/** One box that is ticked comes as a text, several as a list; the title's cannot be unticked and does not come. */
const Layout = z.object({
  columns: z
    .union([z.string().transform((one) => [one]), z.array(z.string())])
    .default([])
    .pipe(z.array(z.enum(COLUMNS))),
  density: z.enum(DENSITIES).default('comfortable'),
});

/** `POST /companies/views`: keeps the view of a list under a name. */
export function saveView({ preferences }: SavedViewsDependencies): RequestHandler {
  return async (req, res) => {
    const user = requireSignIn(req);
    const { name, search } = read(SavedView, req.body);
    const view = { ...readStoredView(search), page: 1 };
    await preferences.saveView(user, { name, search: writeListView(view) });
    res.redirect(303, listAddress(view));
  };
}

/** `POST /companies/views/forget` */
export function forgetView({ preferences }: SavedViewsDependencies): RequestHandler {
  return async (req, res) => {
    const user = requireSignIn(req);
    const { id, returnTo } = (req.body ?? {}) as Record<string, unknown>;
    if (typeof id === 'string') await preferences.forgetView(user, id);
    res.redirect(303, parseReturnTo(returnTo, listAddress()));
  };
}

/** `POST /companies/layout`: which columns a person wants to see, and how close the rows stand. */
export function saveLayout({ preferences }: SavedViewsDependencies): RequestHandler {
  return async (req, res) => {
    const user = requireSignIn(req);
    const { columns, density } = read(Layout, req.body);
    const { returnTo } = (req.body ?? {}) as Record<string, unknown>;
    const chosen = COLUMNS.filter((column) => column === 'title' || columns.includes(column));
    await preferences.saveLayout(user, { columns: chosen, density });
    res.redirect(303, parseReturnTo(returnTo, listAddress()));
  };
}

function read<T>(shape: z.ZodType<T>, body: unknown): T {
  const result = shape.safeParse(body ?? {});
  if (result.success) return result.data;
  throw new InvalidRequestError(`the field ${String(result.error.issues[0]?.path[0])} cannot be used`);
}
