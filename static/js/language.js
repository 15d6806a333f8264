// Numbers and days as the server writes them: how is told on the root element, as browsers know few languages well.
const { group, point, months, day } = document.documentElement.dataset;

export function number(value, decimals = 0) {
  return (value < 0 ? "\u2212" : "") + decimal(Math.abs(value).toFixed(decimals));
}

// Of a plain decimal text: "1204.5" is "1,204.5", or in Russian and Kyrgyz "1 204,5".
export function decimal(text) {
  const [whole, fraction] = text.split(".");
  return whole.replace(/\B(?=(\d{3})+$)/g, group) + (fraction ? point + fraction : "");
}

// Of a moment in seconds, where the company is: "16 Nov".
export function dayOf(seconds, timeZone) {
  const [month, date] = new Intl.DateTimeFormat("en-US", { month: "numeric", day: "numeric", timeZone }).format(seconds * 1000).split("/");
  return day.replace("{day}", date).replace("{month}", months.split("|")[month - 1]);
}

// Of a moment in seconds, where the company is: "14:40".
export function timeOfDay(seconds, timeZone) {
  return new Date(seconds * 1000).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit", timeZone });
}

export function timeOf(ms) {
  return new Date(ms).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
}
