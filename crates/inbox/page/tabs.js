// The tabs of the inbox itself, in their order. Each declares its own name, addresses and views.

import envelopes from './envelopes.js';
import feedback from './feedback.js';
import issues from './issues.js';
import logs from './logs.js';
import metrics from './metrics.js';
import monitors from './monitors.js';
import profiles from './profiles.js';
import releases from './releases.js';
import traces from './traces.js';

/** @type {Tab[]} */
export const TABS = [issues, traces, profiles, logs, metrics, releases, monitors, feedback, envelopes];
