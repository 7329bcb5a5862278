// The tabs of the inbox itself, in their order. Each declares its own name, addresses and views.

import issues from './issues.js';
import profiles from './profiles.js';
import { logs, metrics, sessions } from './telemetry.js';
import transactions from './transactions.js';

/** @type {Tab[]} */
export const TABS = [issues, transactions, profiles, logs, metrics, sessions];
