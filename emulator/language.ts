/** Languages that an emulated portal speaks. */
export type Language = 'ru' | 'en';
