// What the inbox answers, as `crates/inbox/src/answers.rs` declares it. `answers.test.js` compares these types with what a
// started inbox really answers: a field that is missing on either side fails it.

declare namespace Api {
  /** What a client sent, as it was sent. Nothing in it can be relied on. */
  type Payload = { [name: string]: unknown };

  interface Issue {
    id: string;
    project: string;
    service: string | null;
    title: string;
    type: string | null;
    value: string | null;
    level: string;
    culprit: string | null;
    handled: boolean | null;
    fingerprint: string[];
    count: number;
    users: number;
    first_seen: number;
    last_seen: number;
    last_event_id: string;
    environment: string | null;
    release: string | null;
    scenario: string | null;
  }

  interface EventSummary {
    event_id: string;
    issue_id: string;
    project: string;
    received_at: number;
    timestamp: number | null;
    level: string;
    title: string;
    type: string | null;
    value: string | null;
    transaction: string | null;
    service: string | null;
    scenario: string | null;
    run_id: string | null;
    trace_id: string | null;
    fingerprint: string[];
  }

  interface TransactionSummary {
    event_id: string;
    project: string;
    received_at: number;
    transaction: string | null;
    op: string | null;
    status: string | null;
    duration_ms: number | null;
    trace_id: string | null;
    span_id: string | null;
    parent_span_id: string | null;
    span_count: number;
    run_id: string | null;
    service: string | null;
  }

  interface Attachment {
    filename: string;
    content_type: string | null;
    bytes: number;
    attachment_type: string;
  }

  interface Sessions {
    release: string;
    exited: number;
    errored: number;
    crashed: number;
    abnormal: number;
  }

  interface EventDetails {
    summary: EventSummary;
    issue: Issue | null;
    attachments: Attachment[];
    dsc: Payload | null;
    event: Payload;
  }

  interface TransactionDetails {
    summary: TransactionSummary;
    errors: EventSummary[];
    transaction: Payload;
  }

  interface Stats {
    version: number;
    envelopes: number;
    rejected: number;
    refused_items: number;
    duplicates: number;
    bytes: number;
    items: { [type: string]: number };
    discarded: { reason: string; category: string; quantity: number }[];
    evicted: { events: number; transactions: number; logs: number; metrics: number; issues: number; profile_chunks: number };
    held: { events: number; transactions: number; profile_chunks: number; bytes: number };
  }

  interface Refused {
    received_at: number;
    project: string;
    reason: string;
    item_only: boolean;
  }

  interface Page {
    tabs: string[];
    hints: { events: string[]; profiles: string[] };
  }

  interface Refusal {
    error: string;
    type: string;
  }

  interface ProfiledThread {
    id: string;
    name: string | null;
    busy_ms: number;
  }

  interface Profiler {
    profiler_id: string;
    project: string;
    service: string | null;
    release: string | null;
    environment: string | null;
    platform: string | null;
    from: number;
    to: number;
    chunks: number;
    samples: number;
    threads: ProfiledThread[];
  }

  interface ProfileFunction {
    function: string;
    module: string | null;
    file: string | null;
    in_app: boolean;
    self_ms: number;
    total_ms: number;
  }

  interface ProfileNode {
    parent: number | null;
    function: number;
    self_ms: number;
    total_ms: number;
  }

  interface ProfileTimeline {
    from: number;
    to: number;
    busy_ms: number[];
    cpu_percent: (number | null)[];
    memory_mb: (number | null)[];
  }

  interface Profile {
    profiler: Profiler;
    from: number;
    to: number;
    thread: string | null;
    by_span: boolean;
    threads: ProfiledThread[];
    samples: number;
    busy_ms: number;
    idle_ms: number;
    functions: ProfileFunction[];
    nodes: ProfileNode[];
    omitted: number;
    timeline: ProfileTimeline;
  }

  /** The entries of a list of the API, under the list's name. */
  interface Lists {
    issues: Issue;
    events: EventSummary;
    transactions: TransactionSummary;
    logs: Payload;
    metrics: Payload;
    sessions: Sessions;
    profilers: Profiler;
  }
}
