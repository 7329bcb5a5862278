// An event as Markdown, for an issue tracker or a chat.

import { fields, name, named, object, string, values } from './payload.js';
import { inWords } from './shown.js';
import { exact, millis } from './time.js';

/** Most of each that is written. */
const FRAMES = 30;
const CRUMBS = 20;
const LONGEST = 500;

/**
 * @param {Api.Payload} sent
 * @param {Api.EventSummary} summary
 * @param {string} address Of the event's page.
 */
export function markdown(sent, summary, address) {
  const event = named(sent);
  const facts = [
    ['Level', summary.level], ['When', exact(event.timestamp ?? summary.received_at)], ['Transaction', summary.transaction],
    [summary.service ? 'Service' : 'Project', summary.service ?? summary.project], ['Release', name(event.release)],
    ['Environment', name(event.environment)], ['Server', name(event.server_name)], ['Trace', summary.trace_id], ['Event', summary.event_id],
  ];
  const tags = fields(event.tags).slice(0, 50).map(([tag, value]) => `${code(tag)} ${code(inWords(value))}`);
  return [
    `## ${line(summary.title)}`, '',
    ...facts.filter(([, value]) => value).map(([fact, value]) => `- ${fact}: ${code(String(value))}`), '',
    ...values(event.exception).toReversed().flatMap(exception),
    ...crumbs(event),
    tags.length ? `**Tags:** ${tags.join(', ')}\n` : null,
    address,
  ].filter((it) => it !== null).join('\n');
}

/** @param {Api.Payload} exception @param {number} index */
function exception({ type, value, stacktrace }, index) {
  const frames = values(object(stacktrace).frames).toReversed();
  const rest = frames.length > FRAMES ? [`… ${frames.length - FRAMES} more`] : [];
  const head = `${index ? 'Caused by ' : ''}**${line(name(type) ?? 'Error')}**: ${line(inWords(value ?? ''))}`;
  return [head, '', ...fenced([...frames.slice(0, FRAMES).map(frame), ...rest]), ''];
}

/** @param {Api.Payload} it */
function frame(it) {
  const place = [string(it.filename) ?? string(it.abs_path) ?? string(it.module) ?? '', name(it.lineno), name(it.colno)].filter(Boolean).join(':');
  return line(`${it.in_app === true ? '>' : ' '} ${name(it.function) ?? '?'} (${place})`);
}

/** @param {Api.Payload} event */
function crumbs(event) {
  const all = values(event.breadcrumbs);
  if (!all.length) return [];
  const lines = all.slice(-CRUMBS).map((it) => {
    const before = Math.max(0, millis(event.timestamp) - millis(it.timestamp));
    return line(`${Number.isFinite(before) ? `-${Math.round(before)} ms` : ''} ${name(it.category) ?? ''} ${inWords(it.message ?? '')}`.trim());
  });
  return ['**Breadcrumbs**', '', ...fenced(lines), ''];
}

/**
 * Longer than any fence within.
 *
 * @param {string[]} lines
 */
function fenced(lines) {
  if (!lines.length) return [];
  const longest = Math.max(2, ...lines.flatMap((it) => it.match(/`+/g) ?? []).map((it) => it.length));
  const fence = '`'.repeat(longest + 1);
  return [fence, ...lines, fence];
}

/** @param {string} text */
function code(text) {
  const words = line(text);
  const fence = '`'.repeat(Math.max(0, ...(words.match(/`+/g) ?? []).map((it) => it.length)) + 1);
  return words ? `${fence}${words.startsWith('`') || words.endsWith('`') ? ` ${words} ` : words}${fence}` : '(empty)';
}

/**
 * On one line, clipped.
 *
 * @param {string} text
 */
function line(text) {
  const words = text.replace(/\s+/g, ' ');
  return words.length > LONGEST ? `${words.slice(0, LONGEST)}…` : words;
}
