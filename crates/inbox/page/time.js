// Times, durations and amounts, as a reader wants them.

/**
 * Seconds since 1970 or an RFC 3339 time, in milliseconds since 1970; NaN where it is neither.
 *
 * @param {unknown} time
 */
export function millis(time) {
  if (typeof time === 'number') return time * 1000;
  return typeof time === 'string' ? Date.parse(time) : NaN;
}

/**
 * `2026-11-23 14:05:09.123 UTC`; nothing where there is no time.
 *
 * @param {unknown} time
 */
export function exact(time) {
  const at = new Date(millis(time));
  return Number.isNaN(at.getTime()) ? '' : at.toISOString().replace('T', ' ').replace('Z', ' UTC');
}

/**
 * How long ago; the exact time shows on hover. `tick` keeps it true.
 *
 * @param {unknown} time
 */
export function ago(time) {
  const element = document.createElement('time');
  element.className = 'ago';
  element.title = exact(time);
  element.dateTime = element.title && new Date(millis(time)).toISOString();
  element.append(element.title && since(millis(time)));
  return element;
}

/**
 * How soon something is expected, or how late it is; as `ago` otherwise.
 *
 * @param {unknown} time
 */
export function coming(time) {
  const element = ago(time);
  element.classList.add('coming');
  element.replaceChildren(element.title && until(millis(time)));
  return element;
}

/** Brings every `ago` and `coming` on the page up to date. */
export function tick() {
  for (const element of /** @type {NodeListOf<HTMLTimeElement>} */ (document.querySelectorAll('time.ago[title]'))) {
    const words = (element.classList.contains('coming') ? until : since)(Date.parse(element.dateTime));
    // Text that stays as it is stays selected, too.
    if (element.firstChild?.nodeValue !== words) element.textContent = words;
  }
}

/** @param {number} at */
function since(at) {
  const seconds = Math.max(0, Math.round((Date.now() - at) / 1000));
  return seconds < 2 ? 'just now' : `${roughly(seconds)} ago`;
}

/** @param {number} at */
function until(at) {
  const seconds = Math.round((at - Date.now()) / 1000);
  return seconds > 0 ? `in ${roughly(seconds)}` : since(at);
}

/** @param {number} seconds */
function roughly(seconds) {
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86400) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86400)} d`;
}

/**
 * A duration of milliseconds: `0.52 ms`, `505 ms`, `3.2 s`, `2 min 5 s`; nothing where there is none.
 *
 * @param {number | null} ms
 */
export function duration(ms) {
  if (ms === null || !Number.isFinite(ms)) return '';
  if (ms < 1) return `${round(ms, 3)} ms`;
  // What would be rounded to 1000 ms is a second.
  if (ms < 999.5) return `${round(ms, ms < 99.95 ? 1 : 0)} ms`;
  if (ms < 60_000) return `${round(ms / 1000, 2)} s`;
  return `${Math.floor(ms / 60_000)} min ${Math.floor((ms % 60_000) / 1000)} s`;
}

/**
 * `512 B`, `20.1 KiB`, `3.0 GiB`.
 *
 * @param {number} count
 */
export function bytes(count) {
  const power = count < 1024 ? 0 : Math.min(4, Math.floor(Math.log2(count) / 10));
  return `${power ? (count / 1024 ** power).toFixed(1) : count} ${['B', 'KiB', 'MiB', 'GiB', 'TiB'][power]}`;
}

/**
 * `1 event`, `2,000 events`.
 *
 * @param {number} count
 * @param {string} noun
 */
export function many(count, noun) {
  return `${count.toLocaleString('en')} ${noun}${count === 1 ? '' : 's'}`;
}

/** @param {number} number @param {number} digits */
function round(number, digits) {
  return String(Number(number.toFixed(digits)));
}
