/* /exports as it happens. Without this script the page loads itself anew every few seconds. */
{
  const RELOAD_AFTER_MS = 5_000;
  const news = document.getElementById('export-news');
  const rowOf = (id) => document.querySelector(`[data-export="${id}"]`);
  const rows = () => [...document.querySelectorAll('[data-export]')];
  // The application may live below a path.
  const here = location.pathname.replace(/\/$/, '');
  let isRenewing = false;

  const setText = (row, name, text) => {
    const place = row.querySelector(`[data-${name}]`);
    if (place && place.textContent !== (text ?? '')) place.textContent = text ?? '';
  };

  const update = (row, { state, share, progress, left, trouble }) => {
    setText(row, 'progress', progress);
    setText(row, 'left', left);
    setText(row, 'trouble', trouble);
    const bar = row.querySelector('progress');
    if (bar && share !== null && state !== 'finishing') bar.value = share;
  };

  /** Other buttons, other words: the page knows them. */
  const renew = async () => {
    if (isRenewing) return;
    isRenewing = true;
    try {
      const answer = await fetch(here, { headers: { accept: 'text/html' } });
      if (!answer.ok || new URL(answer.url).pathname !== here) return location.reload();
      const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
      const fresh = page.getElementById('exports');
      const stale = document.getElementById('exports');
      if (!fresh || !stale) return location.reload();
      const before = new Map(rows().map((row) => [row.dataset.export, row.dataset.state]));
      const focused = stale.contains(document.activeElement) ? document.activeElement.id : '';
      stale.replaceWith(fresh);
      if (focused) refocus(focused);
      announce(before);
    } finally {
      isRenewing = false;
    }
  };

  /** Whoever was on a button that is gone is still at its export. */
  const refocus = (id) => {
    const same = document.getElementById(id);
    const heading = document.getElementById(
      `export-${id.replace(/^(?:download|sign-in|resume|cancel|forget)-/, '')}`,
    );
    (same ?? heading ?? document.getElementById('content'))?.focus();
  };

  /** Only what has come to something is worth interrupting anybody. */
  const announce = (before) => {
    const changed = rows().filter(
      ({ dataset }) => before.has(dataset.export) && before.get(dataset.export) !== dataset.state,
    );
    const told = changed.filter(({ dataset }) => !['queued', 'running', 'finishing'].includes(dataset.state));
    if (news && told.length > 0) news.textContent = told.map(({ dataset }) => dataset.news).join('. ');
  };

  const source = new EventSource(`${here}/events`);
  source.addEventListener('message', ({ data }) => {
    const { exports } = JSON.parse(data);
    const isOther =
      exports.length !== rows().length || exports.some(({ id, state }) => rowOf(id)?.dataset.state !== state);
    if (isOther) void renew();
    else for (const each of exports) update(rowOf(each.id), each);
  });
  source.addEventListener('error', () => {
    // It tries again by itself, unless it was told not to.
    if (source.readyState !== EventSource.CLOSED) return;
    const isBusy = rows().some(({ dataset }) => ['queued', 'running', 'finishing'].includes(dataset.state));
    if (isBusy) setTimeout(() => location.reload(), RELOAD_AFTER_MS);
  });
  // A page that is left keeps no connection; browsers have few.
  addEventListener('pagehide', () => source.close());
  addEventListener('pageshow', ({ persisted }) => persisted && location.reload());
}
