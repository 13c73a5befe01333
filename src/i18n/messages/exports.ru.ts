/** The texts of `/exports` in Russian. */
export const exportsRussian = {
  title: 'Выгрузки',
  lead: 'Файлы с компаниями готовятся в фоне, с вашими правами. Каждый хранится сутки, и никто другой его не получит.',
  toList: 'К списку компаний',
  everything: 'Все компании',
  list: 'Ваши выгрузки',
  empty: {
    title: 'Выгрузок пока нет',
    text: 'Выберите нужное в списке компаний и нажмите «Выгрузить»: в файле будет ровно это.',
  },
  states: {
    queued: 'Ждёт очереди',
    running: 'Читается из Битрикс24',
    finishing: 'Файл записывается',
    done: 'Готова',
    failed: 'Не удалась',
    cancelled: 'Отменена',
    waiting: 'Ждёт вас',
  },
  progress: '{{rows}} из {{total}} компаний',
  soFar_one: 'пока {{formatted}} компания',
  soFar_few: 'пока {{formatted}} компании',
  soFar_many: 'пока {{formatted}} компаний',
  soFar_other: 'пока {{formatted}} компании',
  companies_one: '{{formatted}} компания',
  companies_few: '{{formatted}} компании',
  companies_many: '{{formatted}} компаний',
  companies_other: '{{formatted}} компании',
  left: {
    soon: 'осталось меньше минуты',
    minutes_one: 'осталась примерно {{count}} минута',
    minutes_few: 'осталось примерно {{count}} минуты',
    minutes_many: 'осталось примерно {{count}} минут',
    minutes_other: 'осталось примерно {{count}} минуты',
    hours_one: 'остался примерно {{count}} час',
    hours_few: 'осталось примерно {{count}} часа',
    hours_many: 'осталось примерно {{count}} часов',
    hours_other: 'осталось примерно {{count}} часа',
  },
  kept: {
    soon: 'хранится ещё меньше часа',
    hours_one: 'хранится ещё {{count}} час',
    hours_few: 'хранится ещё {{count}} часа',
    hours_many: 'хранится ещё {{count}} часов',
    hours_other: 'хранится ещё {{count}} часа',
  },
  begun: 'начата {{ago}}',
  size: { bytes: '{{size}} байт', kilobytes: '{{size}} КБ', megabytes: '{{size}} МБ' },
  progressOf: 'Ход выгрузки: {{what}}',
  announced: 'Выгрузка «{{what}}»: {{state}}',
  actions: {
    download: 'Скачать',
    cancel: 'Отменить',
    resume: 'Продолжить',
    forget: 'Удалить',
    signIn: 'Войти снова',
  },
  columns: { phones: 'Телефоны', emails: 'Эл. почта', currency: 'Валюта' },
  trouble: {
    trying: 'Выгрузка продолжится сама, как только это пройдёт.',
    goOn: 'Всё прочитанное сохранено. Нажмите «Продолжить», когда захотите.',
    signInFirst: 'Войдите снова и нажмите «Продолжить»: всё прочитанное сохранено.',
    default:
      'Что-то сломалось на нашей стороне. Начните выгрузку заново; если не поможет, сообщите тому, кто обслуживает приложение.',
    disk_full: 'На нашем диске не осталось места. Сообщите тому, кто обслуживает приложение.',
    access_denied: 'Битрикс24 сообщает, что у вас нет права читать компании.',
    sign_in_required: 'Битрикс24 больше не пускает нас от вашего имени.',
    portal_not_allowed: 'Этому порталу здесь больше не разрешён вход.',
    portal_mismatch: 'Адрес портала здесь больше не разрешён.',
    app_misconfigured:
      'Битрикс24 не принимает ключи приложения. Их должен исправить тот, кто обслуживает приложение.',
    portal_limited: 'Битрикс24 просит паузу.',
    portal_failed: 'Битрикс24 отвечает непонятно.',
    portal_timeout: 'Битрикс24 не отвечает вовремя.',
    reconnecting: 'Ваш доступ обновляется, а Битрикс24 не торопится.',
    store_unavailable: 'Наше хранилище было недоступно.',
  },
};

/** What becomes part of `errors.` of the catalogue. */
export const exportErrorsRussian = {
  too_many_exports: {
    default: {
      title: 'Выгрузок слишком много',
      text: 'Для каждого человека хранится двадцать. Удалите те, что больше не нужны, и начните эту снова.',
    },
    all: {
      title: 'Сейчас выгружается слишком много',
      text: 'Многие ждут своих файлов. Попробуйте снова через несколько минут.',
    },
  },
};
