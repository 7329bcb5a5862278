// What the address of the page keeps, so that it can be passed on.

/**
 * A parameter of the address.
 *
 * @param {string} name
 */
export function asked(name) {
  return new URLSearchParams(location.search).get(name) ?? '';
}

/**
 * Changes parameters of the address; those without a value go.
 *
 * @param {{ [name: string]: string | null }} parameters
 */
export function keep(parameters) {
  const url = new URL(location.href);
  for (const [name, value] of Object.entries(parameters)) {
    if (value) url.searchParams.set(name, value);
    else url.searchParams.delete(name);
  }
  history.replaceState(history.state, '', url);
}
