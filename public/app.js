// What pages can do more with a script; each of them works without. Loaded with `defer`, so that the page is there.

/** Texts that only this file shows, in the language of the page. */
const texts = document.querySelector('#texts')?.dataset ?? {};

/** @param {string} selector */
const find = (selector) => document.querySelector(selector);

const rowLinks = () => [...document.querySelectorAll('.companies tbody .col-title a')];

/** Moves the focus to the title of another row; the browser scrolls there and Enter opens it. */
function moveToRow(step) {
  const links = rowLinks();
  if (links.length === 0) return false;
  const row = document.activeElement?.closest('.companies tbody tr');
  const at = row ? links.findIndex((link) => row.contains(link)) : step > 0 ? -1 : links.length;
  links[Math.min(Math.max(at + step, 0), links.length - 1)].focus();
  return true;
}

/** Follows a link of the page, if there is one. */
function follow(selector) {
  const link = find(selector);
  link?.click();
  return link !== null;
}

function closeWhatIsOpen() {
  const open = [
    ...document.querySelectorAll('details[open].drop, details[open].people-menu, details[open].filters'),
  ];
  for (const each of open) {
    each.open = false;
    if (each.contains(document.activeElement)) each.querySelector('summary').focus();
  }
  return open.length > 0;
}

const isTyping = (element) =>
  element?.matches?.('input:not([type="checkbox"], [type="radio"]), select, textarea') ?? false;

const KEYS = {
  '/': () => {
    const search = find('input[type="search"]');
    search?.focus();
    search?.select();
    return search !== null;
  },
  '?': () => {
    const help = find('dialog.keys');
    help?.showModal();
    return help !== null;
  },
  ArrowDown: () => (find('.companies') ? moveToRow(1) : false),
  ArrowUp: () => (find('.companies') ? moveToRow(-1) : false),
  j: () => moveToRow(1) || follow('a[rel="next"]'),
  k: () => moveToRow(-1) || follow('a[rel="prev"]'),
  Escape: () => closeWhatIsOpen() || follow('[data-key="Escape"]'),
};

document.addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  if (find('dialog[open]')) return;
  const active = document.activeElement;
  if (isTyping(active)) {
    if (event.key !== 'Escape') return;
    // A search that is not empty is emptied by the browser first.
    if (active.value === '' || active.type !== 'search') active.blur();
    return;
  }
  // Where the layout is Cyrillic, the same keys have other letters on them.
  const key = /\p{Script=Cyrillic}/u.test(event.key)
    ? event.code.replace('Key', '').toLowerCase()
    : event.key;
  // Arrows scroll, unless a row has the focus or nothing has.
  const isOnRow = active?.closest?.('.companies tbody') !== null;
  if (key.startsWith('Arrow') && !isOnRow && active !== document.body) return;
  if (Object.hasOwn(KEYS, key) && KEYS[key]()) event.preventDefault();
});

/** A click beside an open menu closes it. */
document.addEventListener('click', (event) => {
  for (const menu of document.querySelectorAll('details[open].drop, details[open].people-menu')) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});

for (const button of document.querySelectorAll('[data-opens]')) {
  button.hidden = false;
  button.addEventListener('click', () => find(button.dataset.opens)?.showModal());
}

/** Copying needs a script, so its buttons show themselves only here. */
if (navigator.clipboard) {
  for (const button of document.querySelectorAll('[data-copy]')) {
    button.hidden = false;
    button.addEventListener('click', async () => {
      const isCopied = await navigator.clipboard.writeText(button.dataset.copy).then(
        () => true,
        // The browser has been told not to.
        () => false,
      );
      if (!isCopied) return;
      button.classList.add('done');
      find('#said').textContent = texts.copied ?? '';
      setTimeout(() => button.classList.remove('done'), 1_500);
    });
  }
}
