// The language of the page as Intl wants it: our English writes the day first.
export const language = document.documentElement.lang === "en" ? "en-GB" : document.documentElement.lang;
