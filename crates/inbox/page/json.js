// Reading JSON without losing digits: JavaScript's numbers have 53 bits, ids of clients often 64.

/** An integer that may have more digits than a number keeps. What stands in a string only costs time. */
const LONG = /-?\d{16}/;

/**
 * JSON whose integers keep their digits: those that are too large for a number become a `bigint`.
 *
 * @param {string} text
 */
export function parsed(text) {
  return LONG.test(text) ? JSON.parse(text, exactly) : JSON.parse(text);
}

/**
 * @param {string} _
 * @param {unknown} value
 * @param {{ source?: string }} [context] Where the browser gives it.
 */
function exactly(_, value, context) {
  if (typeof value !== 'number' || Number.isSafeInteger(value)) return value;
  const source = context?.source ?? '';
  return /^-?\d+$/.test(source) ? BigInt(source) : value;
}
