/**
 * The texts of the views, translated. Views import nothing of JupyterLab, so whoever hosts them says how;
 * without a host the English text stands. Named `trans`, with JupyterLab's method, because its tools
 * that collect texts for translators look for `trans.__('…')`. Its plural forms are not used: they are
 * evaluated as code, which a strict Content-Security-Policy forbids.
 */

/** What is used of JupyterLab's `TranslationBundle`. `%1` in a text is the first of `values`. */
export type Translation = { __(text: string, ...values: (string | number)[]): string };

const english: Translation = {
  __: (text, ...values) =>
    text.replace(/%(\d)/g, (whole, place: string) => String(values[Number(place) - 1] ?? whole))
};

let host = english;

export const trans: Translation = { __: (text, ...values) => host.__(text, ...values) };

/** Let all views speak as `translation` does; called once, before anything is drawn. */
export function speak(translation: Translation): void {
  host = translation;
}
